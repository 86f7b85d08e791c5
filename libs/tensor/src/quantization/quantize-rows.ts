import { HostTensor } from '../host-tensor.js';
import { FULL_RANGE, type WeightRange } from './weight-range.js';

/** A matrix in 8 bits, `W[o, i] = scale[o] q[o, i]`. */
export interface QuantizedRows {
  /** [O, I], int8. */
  readonly q: HostTensor;
  /** [O] */
  readonly scale: HostTensor;
}

/** Steps weighed up where neighbours are limited, in units of a row's full range: in the last they are within any. */
const COARSER = Array.from({ length: 21 }, (_, i) => 1 + i / 20);
/** Mean squared error of rounding, in steps. */
const ROUNDING = 1 / 12;

/**
 * Rounds each row of a matrix to integers. W [O, I] -> q [O, I], scale [O], `scale[o] = max_i |W[o, i]| / peak` where neighbours are free. Where they
 * are limited (`WeightRange`), they are so along rows and along columns, as q is read in both layouts: what two add to beyond the range is taken off
 * them, and rows two by two have the step, up to twice as coarse, in which that and rounding make the least squared error.
 */
export function quantizeRows(weight: HostTensor, range: WeightRange): QuantizedRows {
  return quantized(weight, leastSteps(weight, range), range);
}

/** What is stored in 8 bits, in coarser steps where this range asks for them. */
export function withinRange(stored: QuantizedRows, range: WeightRange): QuantizedRows {
  if (range.pair >= FULL_RANGE.pair) return stored;
  const least = leastSteps(stored.q, range).map((step) => Math.max(1, step));
  const { q, scale } = quantized(stored.q, least, range);
  const factors = scale.data as Float32Array;
  return {
    q,
    scale: new HostTensor(
      factors.map((factor, row) => factor * stored.scale.data[row]!),
      scale.shape,
    ),
  };
}

/** By row: the step in which its values are within the range; 0 of a row of zeros. */
function leastSteps({ data, shape }: HostTensor, { peak }: WeightRange): Float32Array {
  const [rows, columns] = shape as [number, number];
  return Float32Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) largest = Math.max(largest, Math.abs(data[i]!));
    return largest / peak;
  });
}

function quantized(matrix: HostTensor, least: Float32Array, range: WeightRange): QuantizedRows {
  return range.pair < 2 * range.peak ? quantizePairs(matrix, least, range) : roundAll(matrix, least, range);
}

function roundAll({ data, shape }: HostTensor, steps: Float32Array, { peak }: WeightRange): QuantizedRows {
  const [rows, columns] = shape as [number, number];
  const q = new Int8Array(data.length);
  for (let row = 0; row < rows; row++) roundRow(data, q, row * columns, columns, steps[row]!, peak);
  return { q: new HostTensor(q, shape), scale: new HostTensor(steps, [rows]) };
}

function quantizePairs({ data, shape }: HostTensor, least: Float32Array, range: WeightRange): QuantizedRows {
  const [rows, columns] = shape as [number, number];
  const q = new Int8Array(data.length);
  const scale = new Float32Array(rows);
  for (let row = 0; row < rows; row += 2) {
    const count = Math.min(2, rows - row);
    const coarser = bestStep(data, row * columns, columns, least.subarray(row, row + count), range.pair);
    for (let r = row; r < row + count; r++) {
      scale[r] = least[r]! * coarser;
      roundRow(data, q, r * columns, columns, scale[r]!, range.peak);
      cutNeighbours(data, q, r * columns, columns, scale[r]!, range.pair);
    }
    if (count === 2) cutColumns(q, row * columns, columns, scale.subarray(row, row + 2), range.pair);
  }
  return { q: new HostTensor(q, shape), scale: new HostTensor(scale, [rows]) };
}

/**
 * Of `COARSER`, the step in which one or two rows have the least squared error: that of rounding, in proportion to the step's square, and that of
 * neighbours beyond `pair`, of which e too much, shared as `cutNeighbours` and `cutColumns` do, costs `e^2 / (1 / a^2 + 1 / b^2)`, their steps being a and b.
 */
function bestStep(data: ArrayLike<number>, start: number, columns: number, least: Float32Array, pair: number): number {
  const sums: number[] = [];
  const costs: number[] = [];
  const collect = (sum: number, cost: number) => {
    sums.push(sum);
    costs.push(cost);
  };
  const squares = least.map((step) => step * step);
  const [first, second] = [1 / least[0]!, 1 / (least[1] ?? 0)];
  for (let r = 0; r < least.length; r++) {
    if (least[r] === 0) continue;
    const bound = pair * least[r]!;
    const from = start + r * columns;
    for (let i = from; i + 1 < from + columns; i += 2) {
      const sum = Math.abs(data[i]! + data[i + 1]!);
      if (sum > bound) collect(sum / least[r]!, squares[r]! / 2);
    }
  }
  if (least.length === 2 && least[0]! > 0 && least[1]! > 0) {
    const cost = (squares[0]! * squares[1]!) / (squares[0]! + squares[1]!);
    for (let i = start; i < start + columns; i++) {
      const sum = Math.abs(data[i]! * first + data[i + columns]! * second);
      if (sum > pair) collect(sum, cost);
    }
  }
  const rounding = ROUNDING * columns * squares.reduce((total, square) => total + square, 0);
  let [best, smallest] = [1, Infinity];
  for (const coarser of COARSER) {
    let error = rounding;
    for (let n = 0; n < sums.length; n++) {
      const excess = sums[n]! / coarser - pair;
      if (excess > 0) error += costs[n]! * excess * excess;
    }
    error *= coarser * coarser;
    if (error < smallest) [best, smallest] = [coarser, error];
  }
  return best;
}

/** One row's values over its step, to the nearest integers of at most `peak`. */
function roundRow(
  data: ArrayLike<number>,
  q: Int8Array,
  start: number,
  columns: number,
  step: number,
  peak: number,
): void {
  const end = start + columns;
  if (step === 0) {
    q.fill(0, start, end);
    return;
  }
  for (let i = start; i < end; i++) {
    const value = Math.round(data[i]! / step);
    q[i] = value > peak ? peak : value < -peak ? -peak : value;
  }
}

/** Takes off two neighbours in a row what they add to beyond `pair`: half off each, what is odd off the one that was rounded further up. */
function cutNeighbours(
  data: ArrayLike<number>,
  q: Int8Array,
  start: number,
  columns: number,
  step: number,
  pair: number,
): void {
  for (let i = start; i + 1 < start + columns; i += 2) {
    const sum = q[i]! + q[i + 1]!;
    const excess = Math.abs(sum) - pair;
    if (excess <= 0) continue;
    const further = (at: number) => Math.abs(q[at]!) - Math.abs(data[at]! / step);
    const half = further(i) > further(i + 1) ? Math.ceil(excess / 2) : Math.floor(excess / 2);
    q[i]! -= half * Math.sign(sum);
    q[i + 1]! -= (excess - half) * Math.sign(sum);
  }
}

/** Takes off two rows what neighbours in a column add to beyond `pair`, in the shares of least squared error. */
function cutColumns(q: Int8Array, start: number, columns: number, steps: Float32Array, pair: number): void {
  const [first, second] = [steps[0]! ** 2, steps[1]! ** 2];
  for (let i = start; i < start + columns; i++) {
    const sum = q[i]! + q[columns + i]!;
    const excess = Math.abs(sum) - pair;
    if (excess <= 0) continue;
    const share = Math.round((excess * second) / (first + second));
    q[i]! -= share * Math.sign(sum);
    q[columns + i]! -= (excess - share) * Math.sign(sum);
  }
}
