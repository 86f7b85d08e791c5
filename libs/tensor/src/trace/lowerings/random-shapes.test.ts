import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine, HostTensor, RandomKey, tf } from '../../index.js';

type T = tf.Tensor;
type Type = 'float32' | 'int32' | 'bool';
interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly types: readonly Type[];
  readonly run: (...x: T[]) => T | T[];
}

const SEED = 20_241;
const DRAWS = 60;

const shape = (min: number, max: number, size = 4) =>
  fc.array(fc.integer({ min: 1, max: size }), { minLength: min, maxLength: max });

/** Two shapes that broadcast: of a common one, each drops leading axes and has some axes of length 1. */
const broadcastable = shape(0, 4).chain((full) =>
  fc.tuple(view(full), view(full)).map(([a, b]): [number[], number[]] => [a, b]),
);
function view(full: readonly number[]) {
  return fc
    .tuple(fc.nat(full.length), fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }))
    .map(([from, ones]) => full.map((size, axis) => (ones[axis] ? 1 : size)).slice(from));
}

const BINARY: Readonly<Record<string, readonly [op: (a: T, b: T) => T, ...types: Type[]]>> = {
  add: [tf.add, 'float32', 'int32'],
  sub: [tf.sub, 'float32', 'int32'],
  mul: [tf.mul, 'float32', 'int32'],
  div: [(a, b) => tf.div(a, b.abs().add(0.5)), 'float32'],
  maximum: [tf.maximum, 'float32', 'int32'],
  minimum: [tf.minimum, 'float32', 'int32'],
  squaredDifference: [tf.squaredDifference, 'float32', 'int32'],
  greater: [tf.greater, 'float32', 'int32'],
  lessEqual: [tf.lessEqual, 'float32', 'int32'],
  equal: [tf.equal, 'float32', 'int32', 'bool'],
  notEqual: [tf.notEqual, 'float32', 'int32', 'bool'],
  logicalAnd: [tf.logicalAnd, 'bool'],
  logicalOr: [tf.logicalOr, 'bool'],
};

const binary = fc
  .tuple(fc.constantFrom(...Object.entries(BINARY)), broadcastable, fc.nat())
  .map(([[name, [op, ...types]], [a, b], pick]): Case => {
    const type = types[pick % types.length]!;
    return { name: `${name} ${type}`, shapes: [a, b], types: [type, type], run: op as Case['run'] };
  });

const REDUCTIONS = ['sum', 'mean', 'max', 'min', 'prod'] as const;
const reduction = fc
  .tuple(
    fc.constantFrom(...REDUCTIONS),
    shape(1, 4),
    fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([name, x, chosen, keep]): Case => {
    const axes = x.map((_, axis) => axis).filter((axis) => chosen[axis]);
    return {
      name: `${name} over [${axes.join()}]${keep ? ', kept' : ''}`,
      shapes: [x],
      types: ['float32'],
      run: (t) => tf[name](t!, axes.length > 0 ? axes : undefined, keep),
    };
  });

const matmul = fc
  .tuple(fc.integer({ min: 0, max: 2 }), shape(5, 5, 3), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([batch, [one, two, m, n, k], a, b, shared]): Case => {
    const lead = [one!, two!].slice(0, batch);
    const left = [...lead, ...(a ? [k!, m!] : [m!, k!])];
    // tfjs multiplies batches of equal rank; those of length 1 are repeated.
    const right = [...(shared ? lead.map(() => 1) : lead), ...(b ? [n!, k!] : [k!, n!])];
    return {
      name: `matMul ${a} ${b}`,
      shapes: [left, right],
      types: ['float32', 'float32'],
      run: (x, y) => tf.matMul(x!, y!, a, b),
    };
  });

const moving = shape(1, 4).chain((x) => {
  const axis = fc.integer({ min: 0, max: x.length - 1 });
  const order = fc.shuffledSubarray(
    x.map((_, i) => i),
    { minLength: x.length },
  );
  const one = (name: string, run: Case['run'], shapes: number[][] = [x]): Case => ({
    name,
    shapes,
    types: shapes.map(() => 'float32' as const),
    run,
  });
  return fc.oneof(
    order.map((perm) => one(`transpose ${perm.join()}`, (t) => tf.transpose(t!, perm))),
    axis.map((i) => one(`reverse ${i}`, (t) => tf.reverse(t!, i))),
    axis.map((i) => one(`cumsum ${i}`, (t) => tf.cumsum(t!, i))),
    axis.map((i) => one(`softmax, logSumExp ${i}`, (t) => [tf.softmax(t!), tf.logSumExp(t!, i)])),
    axis.map((i) => one(`argMax ${i}`, (t) => tf.argMax(t!, i))),
    axis.map((i) => one(`concat ${i}`, (t, u) => tf.concat([t!, u!, t!], i), [x, x])),
    axis.map((i) => one(`stack ${i}`, (t, u) => tf.stack([t!, u!], i), [x, x])),
    axis.map((i) => one(`unstack ${i}`, (t) => tf.unstack(t!, i))),
    axis.map((i) => one(`expandDims ${i}`, (t) => tf.expandDims(t!, i))),
    fc
      .tuple(
        ...x.map((size) =>
          fc.nat(size - 1).chain((from) => fc.tuple(fc.constant(from), fc.integer({ min: 1, max: size - from }))),
        ),
      )
      .map((parts) =>
        one(`slice ${JSON.stringify(parts)}`, (t) =>
          tf.slice(
            t!,
            parts.map(([from]) => from),
            parts.map(([, count]) => count),
          ),
        ),
      ),
    fc
      .tuple(...x.map(() => fc.tuple(fc.nat(2), fc.nat(2))))
      .map((pads) => one(`pad ${JSON.stringify(pads)}`, (t) => tf.pad(t!, pads as [number, number][], -1.5))),
    fc
      .tuple(...x.map(() => fc.integer({ min: 1, max: 3 })))
      .map((reps) => one(`tile ${reps.join()}`, (t) => tf.tile(t!, reps))),
  );
});

function draw(dims: readonly number[], type: Type, key: RandomKey): HostTensor {
  if (type === 'float32') return key.uniform([...dims], -2, 2);
  const words = key.words(dims.reduce((a, b) => a * b, 1));
  return type === 'int32'
    ? HostTensor.int(
        Array.from(words, (word) => (word % 7) - 3),
        [...dims],
      )
    : new HostTensor(
        Uint8Array.from(words, (word) => word % 2),
        [...dims],
      );
}

const close = (a: number, b: number) => a === b || Math.abs(a - b) <= 2e-5 * Math.max(1, Math.abs(b));

describe('lowerings over random shapes', () => {
  // One program holds all draws: a session for each would take a minute.
  const cases = [binary, binary, reduction, matmul, moving, moving].flatMap((arbitrary, i) =>
    fc.sample(arbitrary, { seed: SEED + i, numRuns: DRAWS }),
  );

  it(`gives tfjs's values on the cpu for ${cases.length} draws of op, shape, type and broadcast`, async () => {
    const key = RandomKey.fromSeed(SEED);
    const inputs = cases.map(({ shapes, types }, c) =>
      shapes.map((dims, i) => draw(dims, types[i]!, key.fold(c).fold(i))),
    );
    const program = (_: object, given: T[][]) => cases.map(({ run }, c) => [run(...given[c]!)].flat());
    const compiled = await createEngine({ engine: 'compiled', device: 'cpu' });
    const eager = await createEngine({ engine: 'eager', device: 'cpu' });
    const got = await compiled.jit(program, { name: 'random', frozen: {} })(inputs);
    const wanted = await eager.jit(program, { name: 'random', frozen: {} })(inputs);
    const wrong = cases.flatMap(({ name, shapes }, c) =>
      wanted[c]!.flatMap((want, i) => {
        const have = got[c]![i]!;
        const same =
          have.dtype === want.dtype &&
          have.shape.join() === want.shape.join() &&
          want.data.every((value, n) => close(have.data[n]!, value));
        return same ? [] : [`${name} of ${JSON.stringify(shapes)}`];
      }),
    );
    expect(wrong).toEqual([]);
    await compiled.dispose();
    await eager.dispose();
  });
});
