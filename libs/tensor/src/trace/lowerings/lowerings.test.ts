import { describe, expect, it } from 'vitest';
import { createEngine, HostTensor, RandomKey, tensorOf, tf, type DType } from '../../index.js';
import { onBothEngines } from '../../testing/both-engines.js';
import { loweredKernels } from './index.js';

type T = tf.Tensor;
type Run = (...x: T[]) => T | T[];
/** Shape, dtype and, for floats, the range of an input. */
type Input = readonly [shape: number[], dtype?: DType | 'ids', low?: number, high?: number];
type Case = readonly [name: string, run: Run, ...inputs: Input[]];

const F = (shape: number[], low = -3, high = 3): Input => [shape, 'float32', low, high];
const I = (shape: number[]): Input => [shape, 'int32'];
const B = (shape: number[]): Input => [shape, 'bool'];
const IDS = (shape: number[], bound: number): Input => [shape, 'ids', 0, bound];

const shapes: [number[], number[]][] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[2, 3, 4], [4]],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[], [5]],
  [[2, 3], []],
];
const binary = (name: string, run: (a: T, b: T) => T, ...types: ('float32' | 'int32' | 'bool')[]): Case[] =>
  shapes.flatMap(([a, b]) =>
    types.map((type): Case => {
      const input = (shape: number[]): Input =>
        type === 'float32' ? F(shape) : type === 'int32' ? I(shape) : B(shape);
      return [`${name} ${type} ${JSON.stringify([a, b])}`, run as Run, input(a), input(b)];
    }),
  );
const unary = (name: string, run: (x: T) => T, low = -3, high = 3): Case => [name, run as Run, F([3, 5], low, high)];

const cases: Case[] = [
  ...binary('add', tf.add, 'float32', 'int32'),
  ...binary('sub', tf.sub, 'float32', 'int32'),
  ...binary('mul', tf.mul, 'float32', 'int32'),
  ...binary('div', (a, b) => tf.div(a, b.abs().add(0.5)), 'float32'),
  ...binary('floorDiv', (a, b) => tf.floorDiv(a, b.abs().add(tf.scalar(1, 'int32'))), 'int32'),
  ...binary('maximum', tf.maximum, 'float32', 'int32'),
  ...binary('minimum', tf.minimum, 'float32', 'int32'),
  ...binary('squaredDifference', tf.squaredDifference, 'float32', 'int32'),
  ...binary('mod', (a, b) => tf.mod(a, b.abs().add(1)), 'float32'),
  ...binary('pow', (a, b) => tf.pow(a.abs().add(0.1), b), 'float32'),
  ...binary('greater', tf.greater, 'float32', 'int32'),
  ...binary('greaterEqual', tf.greaterEqual, 'float32', 'int32'),
  ...binary('less', tf.less, 'float32', 'int32'),
  ...binary('lessEqual', tf.lessEqual, 'float32', 'int32'),
  ...binary('equal', tf.equal, 'float32', 'int32', 'bool'),
  ...binary('notEqual', tf.notEqual, 'float32', 'int32'),
  ...binary('logicalAnd', tf.logicalAnd, 'bool'),
  ...binary('logicalOr', tf.logicalOr, 'bool'),
  ['logicalNot', (x) => tf.logicalNot(x!), B([3, 4])],
  ...(
    [
      'exp',
      'sigmoid',
      'tanh',
      'sin',
      'cos',
      'sinh',
      'cosh',
      'atan',
      'asinh',
      'erf',
      'expm1',
      'elu',
      'softplus',
      'abs',
      'neg',
      'sign',
      'square',
      'relu',
      'relu6',
      'floor',
      'ceil',
      'round',
      'isNaN',
      'isInf',
      'isFinite',
      'step',
    ] as const
  ).map((name) => unary(name, (x) => (tf[name] as (x: T) => T)(x))),
  ...(['log', 'sqrt', 'rsqrt', 'reciprocal', 'log1p'] as const).map((name) => unary(name, (x) => tf[name](x), 0.1, 5)),
  ...(['asin', 'acos', 'atanh', 'tan'] as const).map((name) => unary(name, (x) => tf[name](x), -0.9, 0.9)),
  unary('acosh', tf.acosh, 1.1, 4),
  ['round half to even', (x) => tf.round(tf.round(x!.mul(2)).div(2)), F([40])],
  ...(['abs', 'neg', 'square', 'relu'] as const).map((name): Case => [`${name} int32`, (x) => tf[name](x!), I([3, 4])]),
  ['leakyRelu', (x) => tf.leakyRelu(x!, 0.2), F([3, 4])],
  ['prelu', (x, a) => tf.prelu(x!, a!), F([3, 4]), F([4])],
  ['clip', (x) => tf.clipByValue(x!, -1, 0.5), F([3, 4])],
  ['addN', (a, b, c) => tf.addN([a!, b!, c!]), F([3, 4]), F([3, 4]), F([3, 4])],
  ['where', (c, a, b) => tf.where(c!, a!, b!), B([3, 4]), F([3, 4]), F([3, 4])],
  ['clone', (x) => tf.clone(x!), I([3])],
  ...(['float32', 'int32', 'bool'] as const).flatMap((to): Case[] => [
    [`cast float32 to ${to}`, (x) => tf.cast(x!, to), F([4, 4])],
    [`cast int32 to ${to}`, (x) => tf.cast(x!, to), I([4, 4])],
    [`cast bool to ${to}`, (x) => tf.cast(x!, to), B([4, 4])],
  ]),
  ...(['sum', 'mean', 'max', 'min', 'prod'] as const).flatMap((name) =>
    [undefined, 0, -1, [0, 2], [1]].flatMap((axis): Case[] => [
      [`${name} over ${JSON.stringify(axis)}`, (x) => tf[name](x!, axis), F([2, 3, 4], 0.5, 1.5)],
      [`${name} over ${JSON.stringify(axis)}, kept`, (x) => tf[name](x!, axis, true), F([2, 3, 4], 0.5, 1.5)],
    ]),
  ),
  ...(['sum', 'max', 'min', 'prod'] as const).map((name): Case => [`${name} int32`, (x) => tf[name](x!, 1), I([3, 4])]),
  ['sum bool', (x) => tf.sum(x!, 0), B([3, 4])],
  ['all', (x) => tf.all(x!, 1), B([3, 4])],
  ['any', (x) => tf.any(x!, -1, true), B([3, 4])],
  ['argMax', (x) => tf.argMax(x!, -1), F([3, 5])],
  ['argMin', (x) => tf.argMin(x!, 0), F([3, 5])],
  ['argMax of ties', (x) => tf.argMax(x!, 1), I([6, 8])],
  ['cumsum', (x) => [tf.cumsum(x!, 1), tf.cumsum(x!, 0, true), tf.cumsum(x!, 1, false, true)], F([3, 4])],
  ['cumsum int32', (x) => tf.cumsum(x!, 0), I([3, 4])],
  ['softmax', (x) => tf.softmax(x!), F([2, 3, 5], -20, 20)],
  ['logSoftmax', (x) => tf.logSoftmax(x!), F([3, 5], -20, 20)],
  ['logSumExp', (x) => tf.logSumExp(x!, 1), F([3, 5], -20, 20)],
  [
    'topk',
    (x) => {
      const { values, indices } = tf.topk(x!, 3);
      return [values, indices];
    },
    F([4, 7]),
  ],
  ['topk of ties', (x) => tf.topk(x!.cast('float32'), 4).indices, I([6, 8])],
  ['unsortedSegmentSum', (x, ids) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4), F([6, 3]), IDS([6], 4)],
  ...(
    [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const
  ).flatMap(([a, b]): Case[] => [
    [`matMul 2d ${a} ${b}`, (x, y) => tf.matMul(x!, y!, a, b), F(a ? [4, 3] : [3, 4]), F(b ? [5, 4] : [4, 5])],
    [
      `matMul 3d ${a} ${b}`,
      (x, y) => tf.matMul(x!, y!, a, b),
      F([2, ...(a ? [4, 3] : [3, 4])]),
      F([2, ...(b ? [5, 4] : [4, 5])]),
    ],
  ]),
  ['einsum', (x, y) => tf.einsum('tnd,ed->tne', x!, y!), F([2, 3, 4]), F([5, 4])],
  ['reshape', (x) => tf.reshape(x!, [4, -1]), F([2, 6])],
  ['expandDims', (x) => [tf.expandDims(x!, 1), tf.expandDims(x!, -1)], F([2, 3])],
  ['transpose', (x) => tf.transpose(x!, [2, 0, 1]), F([2, 3, 4])],
  ['concat', (x, y) => [tf.concat([x!, y!], 1), tf.concat([x!, y!], -1)], F([2, 3]), F([2, 5])],
  ['slice', (x) => tf.slice(x!, [1, 0, 2], [1, 3, -1]), F([2, 3, 5])],
  [
    'stridedSlice',
    (x) => [tf.stridedSlice(x!, [0, 1], [5, 7], [2, 3]), tf.stridedSlice(x!, [4, 6], [0, 0], [-1, -2])],
    F([5, 7]),
  ],
  ['stridedSlice to the front', (x) => tf.stridedSlice(x!, [4], [-6], [-1], 0, 1), F([5])],
  ['split', (x) => tf.split(x!, [1, 2, 3], 1), F([2, 6])],
  ['stack', (x, y) => [tf.stack([x!, y!]), tf.stack([x!, y!], -1)], F([2, 3]), F([2, 3])],
  ['unstack', (x) => tf.unstack(x!, 1), F([2, 3])],
  [
    'pad',
    (x) =>
      tf.pad(
        x!,
        [
          [1, 0],
          [2, 1],
        ],
        7,
      ),
    F([2, 3]),
  ],
  ['broadcastTo', (x) => tf.broadcastTo(x!, [4, 2, 3]), F([2, 1])],
  ['tile', (x) => tf.tile(x!, [2, 3]), I([2, 2])],
  ['reverse', (x) => [tf.reverse(x!, 0), tf.reverse(x!, [0, -1])], F([3, 4])],
  ['fill', (x) => tf.fill([2, 3], 2.5).add(x!), F([3])],
  ['zerosLike and onesLike', (x) => [tf.zerosLike(x!), tf.onesLike(x!)], I([2, 3])],
  ['range', (x) => [tf.range(0, 5, 2).add(x!.sum()), tf.range(5, 0, -1, 'int32')], F([1])],
  [
    'oneHot',
    (ids) => [tf.oneHot(ids as tf.Tensor1D, 4), tf.oneHot(ids as tf.Tensor1D, 4, 2, -1, 'float32')],
    IDS([6], 4),
  ],
  [
    'gather',
    (x, ids) => [tf.gather(x!, ids as tf.Tensor1D), tf.gather(x!, ids as tf.Tensor1D, 1)],
    F([4, 4, 2]),
    IDS([5], 4),
  ],
  ['gatherND', (x, ids) => tf.gatherND(x!, ids!), F([4, 4]), IDS([5, 2], 4)],
  ['scatterND', (ids, x) => tf.scatterND(ids!, x!, [4, 3]), IDS([5, 1], 4), F([5, 3])],
  ['selu-like composition', (x) => tf.where(x!.greater(0), x!, x!.exp().sub(1).mul(1.67)), F([3, 4])],
];

/** Ours, which tfjs does not have: their own tests hold them against naive loops. */
const OWN = ['DequantizeRows', 'GatherAlongLast', 'Rope', 'RowwiseInt8MatMul', 'ScatterAddAlongLast', 'Silu'];
/** Reached through names that tfjs's ops on the cpu do not use. */
const ALIASES = ['LogSoftmax', 'Identity', 'Step'];

function draw([shape, dtype = 'float32', low = -3, high = 3]: Input, key: RandomKey): HostTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (dtype === 'float32') return key.uniform(shape, low, high);
  const words = key.words(size);
  if (dtype === 'bool')
    return new HostTensor(
      Uint8Array.from(words, (word) => word % 2),
      shape,
    );
  return HostTensor.int(
    Array.from(words, (word) => (dtype === 'ids' ? word % high : (word % 7) - 3)),
    shape,
  );
}

const list = (value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
const close = (a: number, b: number) =>
  Object.is(a, b) ||
  a === b ||
  (Number.isNaN(a) && Number.isNaN(b)) ||
  Math.abs(a - b) <= 2e-5 * Math.max(1, Math.abs(b));

describe('lowerings', () => {
  const key = RandomKey.fromSeed(11);
  const inputs = Object.fromEntries(
    cases.map(([name, , ...wanted]) => [name, wanted.map((input, i) => draw(input, key.fold(name).fold(i)))]),
  );

  it('gives what tfjs gives on the cpu: shapes, types and values', async () => {
    const program = (_: object, given: Record<string, T[]>) =>
      Object.fromEntries(cases.map(([name, run]) => [name, list(run(...given[name]!))]));
    const compiled = await createEngine({ engine: 'compiled', device: 'cpu' });
    const eager = await createEngine({ engine: 'eager', device: 'cpu' });
    const [got, expected] = await Promise.all([
      compiled.jit(program, { name: 'all', frozen: {} })(inputs),
      eager.jit(program, { name: 'all', frozen: {} })(inputs),
    ]);
    const wrong: string[] = [];
    for (const [name] of cases) {
      expected[name]!.forEach((want, i) => {
        const have = got[name]![i]!;
        if (have.dtype !== want.dtype || have.shape.join() !== want.shape.join()) {
          wrong.push(`${name}: ${have.dtype}[${have.shape.join()}], expected ${want.dtype}[${want.shape.join()}]`);
        } else if (!want.data.every((value, n) => close(have.data[n]!, value))) {
          wrong.push(`${name}: ${have.data.slice(0, 8).join()} expected ${want.data.slice(0, 8).join()}`);
        }
      });
    }
    expect(wrong).toEqual([]);
    await compiled.dispose();
  });

  it.each(['expm1', 'log1p'] as const)('%s keeps its digits near 0, on both engines', async (name) => {
    const magnitudes = [1e-30, 1e-12, 1e-7, 6e-8, 1e-6, 1e-5, 3e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.76, 0.9];
    const values = [0, ...magnitudes, ...magnitudes.map((value) => -value), 1, 3, 20, -1, Infinity];
    const more = name === 'expm1' ? [-20, -Infinity, NaN] : [1e10, NaN];
    const x = HostTensor.float([...values, ...more]);
    const want = Array.from(x.data, (value) => Math[name](value));
    const { compiled, eager } = await onBothEngines((_: object, at: tf.Tensor) => tf[name](at), {}, [x]);
    for (const got of [compiled, eager]) {
      got.data.forEach((value, i) => {
        const exact = want[i]!;
        const isClose = Object.is(Math.fround(exact), value) || Math.abs(value / exact - 1) < 4e-7;
        expect(isClose, `${name}(${x.data[i]}) = ${value}, exactly ${exact}`).toBe(true);
      });
    }
  });

  it('covers every kernel that can be traced', async () => {
    await tf.setBackend('cpu');
    const run = new Set<string>([...OWN, ...ALIASES]);
    for (const [name, fn] of cases) {
      const tensors = inputs[name]!.map((host) => tensorOf(host));
      const { kernelNames } = await tf.profile(() => fn(...tensors) as T);
      kernelNames.forEach((kernel) => run.add(kernel));
    }
    expect(loweredKernels().filter((kernel) => !run.has(kernel))).toEqual([]);
  });
});
