import { HostTensor, type RandomKey } from '@gmoe/tensor';
import type { EncodedExample } from '../encoding/encoded-example.js';
import { trainingSequence, type TrainingSequence, type TrainingTargets } from './training-sequence.js';

/** A packed batch; T = B S tokens, row-major. Attention is causal within a segment. */
export interface PackedBatch {
  /** Token ids, 0 where padding. [B, S] int32 */
  readonly ids_BS: HostTensor;
  /** Position of a token within its example. [B, S] int32 */
  readonly positions_BS: HostTensor;
  /** 0 = padding, 1, 2, ... = the examples of a row. [B, S] int32 */
  readonly segments_BS: HostTensor;
  /** Flat index (b S + s) of a position whose next token is a target. [N] int32 */
  readonly supervised_N: HostTensor;
  /** That next token. [N] int32 */
  readonly targets_N: HostTensor;
  /** 1, or 0 for an unused slot. [N] float32 */
  readonly weights_N: HostTensor;
  /** Where domains are asked for: 1 + the place of an example's among them, 0 = another or none, or padding. [B, S] int32 */
  readonly domains_BS?: HostTensor;
}

export interface TrainingBatchOptions {
  /** Examples of a batch; how many rows they fill does not change the optimisation. */
  readonly batchSize: number;
  /** S, tokens of a row; a longer prompt loses its beginning. */
  readonly sequenceLength: number;
  readonly targets: TrainingTargets;
  /** Token that ends a text, learned behind every answer; absent = none. */
  readonly endOfText?: number | undefined;
  /** Domains whose tokens the batches mark; absent or empty = none. */
  readonly domains?: readonly string[] | undefined;
}

/** The batches of a training run, all of one static shape. */
export interface TrainingBatches {
  /** B, rows of a batch: what the fullest batch of the run needs. */
  readonly rows: number;
  /** N, supervised slots of a batch. */
  readonly slots: number;
  /** Examples that were cut to a row. */
  readonly truncated: number;
  /** Mean share of the B S positions that hold a token. */
  readonly fill: number;
  /** The run's batches from the `skip`-th on: the same sequence as without, so that a run can go on where it stopped. */
  iterate(skip?: number): Generator<PackedBatch>;
}

/**
 * Plans the batches of a run. Every epoch visits each example once in its own keyed order; batches run over the ends of
 * epochs, so that each has exactly `batchSize` examples. Examples are packed several to a row.
 *
 * A batch is a function of its place in the run, so that a run goes on anywhere with the same bits. A pipeline of tfjs-data
 * cannot: its shuffle draws from a buffer as it goes, and its prefetch would hide a wait that is not there, since packing a
 * batch takes a fraction of a millisecond.
 *
 * @param steps batches of the run; B and N are planned for these
 * @throws RangeError if there is no example
 */
export function trainingBatches(
  examples: readonly EncodedExample[],
  options: TrainingBatchOptions,
  key: RandomKey,
  steps: number,
): TrainingBatches {
  if (examples.length === 0) throw new RangeError('there is no example to train on');
  const { batchSize, sequenceLength, endOfText, domains = [] } = options;
  const sequences = examples.map((example) => trainingSequence(example, sequenceLength, options.targets, endOfText));
  const orders = new Map<number, Int32Array>();
  const orderOf = (epoch: number): Int32Array => {
    let order = orders.get(epoch);
    if (!order) {
      order = key.fold('epoch').fold(epoch).permutation(sequences.length);
      orders.set(epoch, order);
    }
    return order;
  };
  const batchOf = (index: number): TrainingSequence[] =>
    Array.from({ length: batchSize }, (_, i) => {
      const place = index * batchSize + i;
      return sequences[orderOf(Math.floor(place / sequences.length))[place % sequences.length]!]!;
    });

  let rows = 1;
  let slots = 1;
  let tokens = 0;
  for (let step = 0; step < steps; step++) {
    const batch = batchOf(step);
    rows = Math.max(rows, packRows(batch, sequenceLength).length);
    slots = Math.max(
      slots,
      batch.reduce((sum, { targets }) => sum + targets.length, 0),
    );
    tokens += batch.reduce((sum, { ids }) => sum + ids.length, 0);
  }

  return {
    rows,
    slots,
    truncated: sequences.filter(({ truncated }) => truncated).length,
    fill: tokens / (steps * rows * sequenceLength),
    *iterate(skip = 0) {
      for (let index = skip; index < steps; index++) {
        yield toBatch(packRows(batchOf(index), sequenceLength), { rows, slots, length: sequenceLength, domains });
      }
    },
  };
}

/** Rows of sequences by first-fit with falling length: few rows, and the same ones for the same batch. */
export function packRows(batch: readonly TrainingSequence[], sequenceLength: number): TrainingSequence[][] {
  const rows: { free: number; sequences: TrainingSequence[] }[] = [];
  for (const sequence of batch.toSorted((a, b) => b.ids.length - a.ids.length)) {
    let row = rows.find(({ free }) => free >= sequence.ids.length);
    if (!row) {
      row = { free: sequenceLength, sequences: [] };
      rows.push(row);
    }
    row.sequences.push(sequence);
    row.free -= sequence.ids.length;
  }
  return rows.map(({ sequences }) => sequences);
}

interface BatchForm {
  readonly rows: number;
  readonly slots: number;
  readonly length: number;
  readonly domains: readonly string[];
}

function toBatch(packed: readonly TrainingSequence[][], { rows, slots, length, domains }: BatchForm): PackedBatch {
  const ids = new Int32Array(rows * length);
  const positions = new Int32Array(rows * length);
  const segments = new Int32Array(rows * length);
  const marks = new Int32Array(rows * length);
  const supervised = new Int32Array(slots);
  const targets = new Int32Array(slots);
  const weights = new Float32Array(slots);
  let slot = 0;
  packed.forEach((sequences, row) => {
    let begin = row * length;
    sequences.forEach((sequence, index) => {
      const mark = sequence.domain === undefined ? 0 : domains.indexOf(sequence.domain) + 1;
      sequence.ids.forEach((id, position) => {
        ids[begin + position] = id;
        positions[begin + position] = position;
        segments[begin + position] = index + 1;
        marks[begin + position] = mark;
      });
      for (const { position, id } of sequence.targets) {
        supervised[slot] = begin + position;
        targets[slot] = id;
        weights[slot++] = 1;
      }
      begin += sequence.ids.length;
    });
  });
  return {
    ids_BS: new HostTensor(ids, [rows, length]),
    positions_BS: new HostTensor(positions, [rows, length]),
    segments_BS: new HostTensor(segments, [rows, length]),
    supervised_N: new HostTensor(supervised, [slots]),
    targets_N: new HostTensor(targets, [slots]),
    weights_N: new HostTensor(weights, [slots]),
    ...(domains.length > 0 ? { domains_BS: new HostTensor(marks, [rows, length]) } : {}),
  };
}
