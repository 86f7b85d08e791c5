import { HostTensor } from '@gmoe/tensor';

/** Tokens that follow a prompt: they see it and themselves, but not one another. */
export interface Continuation {
  readonly ids: readonly number[];
}

/** A run of tokens that attends to itself only, with what is asked about it. */
export interface Segment {
  /** The prompt, or all tokens where there are no continuations. */
  readonly ids: readonly number[];
  /** Continuations of `ids`, which is computed once for all of them. */
  readonly continuations?: readonly Continuation[];
  /** What is asked, by place in `ids` followed by the continuations' tokens. */
  readonly queries: readonly Query[];
  /** Index of the domain, or the shape's `noDomain`. */
  readonly domain: number;
}

export interface Query {
  /** Index of a token in its segment, continuations included; its next-token distribution is asked for. */
  readonly place: number;
  /** Token ids whose log-probability is asked for. */
  readonly candidates: readonly number[];
  /** Receives the answers, nats, one per candidate, and whether the first one is the likeliest token, where that is asked. */
  readonly answer: (logProbs: readonly number[], likeliest: boolean) => void;
  /** Index of the item whose prompt ends at this place: what experts it uses there is recorded. */
  readonly endOf?: number;
}

/** A static batch: B rows of S tokens, N queries of C candidates; unused queries point at position 0. */
export interface ScoringBatch {
  readonly ids_BS: HostTensor;
  readonly positions_BS: HostTensor;
  readonly segments_BS: HostTensor;
  /** Present where segments have continuations: the prompt that a token sees beside its own segment. */
  readonly sharedSegments_BS?: HostTensor;
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
  /** Whether segments may have continuations. */
  readonly shared: boolean;
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
  const byLength = segments.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  for (const segment of byLength) {
    const length = lengthOf(segment);
    if (length > sequenceLength) throw new RangeError(`a segment of ${length} tokens`);
    if (segment.queries.length > queries) throw new RangeError(`a segment with ${segment.queries.length} queries`);
    const fits = (free: number) => free >= length;
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
    bin.free[row]! -= length;
    bin.rows[row]!.push(segment);
    bin.asked += segment.queries.length;
  }
  return open.map(({ rows }) => lay(rows, shape));
}

function lay(
  rows: readonly (readonly Segment[])[],
  { batchSize, sequenceLength, queries, candidates, noDomain, shared }: ScoringShape,
): PackedScoring {
  const size = batchSize * sequenceLength;
  const ids = new Int32Array(size);
  const positions = new Int32Array(size);
  const marks = new Int32Array(size);
  const shares = new Int32Array(size);
  const domains = new Int32Array(size).fill(noDomain);
  const asked: Query[] = [];
  const at = new Int32Array(queries);
  const wanted = new Int32Array(queries * candidates);
  rows.forEach((segments, row) => {
    let offset = row * sequenceLength;
    let mark = 0;
    for (const segment of segments) {
      const start = offset;
      const prompt = mark + 1;
      const lay = (tokens: readonly number[], firstPosition: number, share: number) => {
        mark++;
        tokens.forEach((id, i) => {
          ids[offset] = id;
          positions[offset] = firstPosition + i;
          marks[offset] = mark;
          shares[offset] = share;
          domains[offset] = segment.domain;
          offset++;
        });
      };
      lay(segment.ids, 0, 0);
      for (const continuation of segment.continuations ?? []) lay(continuation.ids, segment.ids.length, prompt);
      for (const query of segment.queries) {
        at[asked.length] = start + query.place;
        wanted.set(query.candidates, asked.length * candidates);
        asked.push(query);
      }
    }
  });
  const grid = [batchSize, sequenceLength];
  return {
    batch: {
      ids_BS: HostTensor.int(ids, grid),
      positions_BS: HostTensor.int(positions, grid),
      segments_BS: HostTensor.int(marks, grid),
      ...(shared ? { sharedSegments_BS: HostTensor.int(shares, grid) } : {}),
      domains_BS: HostTensor.int(domains, grid),
      rows_N: HostTensor.int(at),
      candidates_NC: HostTensor.int(wanted, [queries, candidates]),
    },
    queries: asked,
  };
}

/** Tokens of a segment with its continuations. */
export function lengthOf({ ids, continuations = [] }: Pick<Segment, 'ids' | 'continuations'>): number {
  return continuations.reduce((sum, continuation) => sum + continuation.ids.length, ids.length);
}
