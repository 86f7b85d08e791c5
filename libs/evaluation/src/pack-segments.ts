import { HostTensor } from '@gmoe/tensor';

/** A run of tokens that attends to itself only, with what is asked about it. */
export interface Segment {
  readonly ids: readonly number[];
  /** Positions inside `ids` whose next-token distribution is asked for. */
  readonly queries: readonly Query[];
  /** Index of the domain, or the shape's `noDomain`. */
  readonly domain: number;
}

export interface Query {
  readonly position: number;
  /** Token ids whose log-probability is asked for. */
  readonly candidates: readonly number[];
  /** Receives the answers, nats, one per candidate. */
  readonly answer: (logProbs: readonly number[]) => void;
}

/** A static batch: B rows of S tokens, N queries of C candidates; unused queries point at position 0. */
export interface ScoringBatch {
  readonly ids_BS: HostTensor;
  readonly positions_BS: HostTensor;
  readonly segments_BS: HostTensor;
  /** `noDomain` where padding or without a domain. */
  readonly domains_BS: HostTensor;
  readonly rows_N: HostTensor;
  readonly candidates_NC: HostTensor;
}

export interface PackedScoring {
  readonly batch: ScoringBatch;
  /** The used queries, in the order of `rows_N`. */
  readonly queries: readonly Query[];
}

export interface ScoringShape {
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** N */
  readonly queries: number;
  /** Index that stands for no domain. */
  readonly noDomain: number;
  /** C */
  readonly candidates: number;
}

/**
 * Packs segments into as few batches as first-fit by falling length gives; each segment lies in one row. The order of
 * answers does not matter, since each query carries its receiver.
 * @throws RangeError if a segment is longer than a row or asks more than a batch can hold
 */
export function packSegments(segments: readonly Segment[], shape: ScoringShape): PackedScoring[] {
  const { batchSize, sequenceLength, queries } = shape;
  const open: { free: number[]; rows: Segment[][]; asked: number }[] = [];
  const byLength = segments.toSorted((a, b) => b.ids.length - a.ids.length);
  for (const segment of byLength) {
    if (segment.ids.length > sequenceLength) throw new RangeError(`a segment of ${segment.ids.length} tokens`);
    if (segment.queries.length > queries) throw new RangeError(`a segment with ${segment.queries.length} queries`);
    const fits = (free: number) => free >= segment.ids.length;
    let bin = open.find(({ free, asked }) => asked + segment.queries.length <= queries && free.some(fits));
    if (!bin) {
      bin = {
        free: Array<number>(batchSize).fill(sequenceLength),
        rows: Array.from({ length: batchSize }, () => []),
        asked: 0,
      };
      open.push(bin);
    }
    const row = bin.free.findIndex(fits);
    bin.free[row]! -= segment.ids.length;
    bin.rows[row]!.push(segment);
    bin.asked += segment.queries.length;
  }
  return open.map(({ rows }) => lay(rows, shape));
}

function lay(
  rows: readonly (readonly Segment[])[],
  { batchSize, sequenceLength, queries, candidates, noDomain }: ScoringShape,
): PackedScoring {
  const size = batchSize * sequenceLength;
  const ids = new Int32Array(size);
  const positions = new Int32Array(size);
  const marks = new Int32Array(size);
  const domains = new Int32Array(size).fill(noDomain);
  const asked: Query[] = [];
  const at = new Int32Array(queries);
  const wanted = new Int32Array(queries * candidates);
  rows.forEach((segments, row) => {
    let offset = row * sequenceLength;
    segments.forEach((segment, index) => {
      segment.ids.forEach((id, i) => {
        ids[offset + i] = id;
        positions[offset + i] = i;
        marks[offset + i] = index + 1;
        domains[offset + i] = segment.domain;
      });
      for (const query of segment.queries) {
        at[asked.length] = offset + query.position;
        wanted.set(query.candidates, asked.length * candidates);
        asked.push(query);
      }
      offset += segment.ids.length;
    });
  });
  const grid = [batchSize, sequenceLength];
  return {
    batch: {
      ids_BS: HostTensor.int(ids, grid),
      positions_BS: HostTensor.int(positions, grid),
      segments_BS: HostTensor.int(marks, grid),
      domains_BS: HostTensor.int(domains, grid),
      rows_N: HostTensor.int(at),
      candidates_NC: HostTensor.int(wanted, [queries, candidates]),
    },
    queries: asked,
  };
}
