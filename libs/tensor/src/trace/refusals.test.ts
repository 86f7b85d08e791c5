import { describe, expect, it } from 'vitest';
import { createEngine, HostTensor, tf } from '../index.js';
import { TraceError } from './trace-error.js';

const x = HostTensor.float([1, 2, 3]);
let captured: tf.Tensor;

describe('a trace refuses', () => {
  it.each<[what: string, fn: (x: tf.Tensor) => unknown, message: RegExp]>([
    ['dataSync', (t) => tf.scalar(t.dataSync()[0]!), /a value was read inside a traced function \(dataSync\)/],
    ['arraySync', (t) => tf.tensor(t.arraySync()), /a value was read inside a traced function/],
    ['Math.random', (t) => t.mul(Math.random()), /Math\.random was called inside a traced function/],
    [
      'randomNormal',
      (t) => t.add(tf.randomNormal([3], 0, 1, 'float32', 7)),
      /tf\.randomNormal draws random numbers on the host/,
    ],
    [
      'randomUniform',
      (t) => t.add(tf.randomUniform([3], 0, 1, 'float32', 7)),
      /tf\.randomUniform draws random numbers/,
    ],
    [
      'truncatedNormal',
      (t) => t.add(tf.truncatedNormal([3], 0, 1, 'float32', 7)),
      /tf\.truncatedNormal draws random numbers/,
    ],
    ['dropout', (t) => tf.dropout(t, 0.5, undefined, 7), /tf\.dropout draws random numbers/],
    [
      'an op without a lowering',
      (t) => tf.spectral.fft(t.cast('complex64')),
      /(op '\w+' cannot be compiled|complex64)/,
    ],
    ['a captured tensor', (t) => t.add(captured), /captured by a traced function/],
  ])('%s', async (_, fn, message) => {
    await tf.setBackend('cpu');
    captured = tf.tensor1d([1, 2, 3]);
    const random = Math.random;
    const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    const program = engine.jit((__: object, t: tf.Tensor) => ({ y: fn(t) as tf.Tensor }), {
      name: 'refused',
      frozen: {},
    });
    await expect(program(x)).rejects.toThrow(message);
    await expect(program(x)).rejects.toThrow(TraceError);
    // Everything is as before.
    expect(tf.getBackend()).toBe('cpu');
    expect(Math.random).toBe(random);
    expect([...tf.tensor1d([1]).add(1).dataSync()]).toEqual([2]);
    await engine.dispose();
  });

  it("a caller's own function of an op's name is no such op", async () => {
    const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    const dropout = (t: tf.Tensor) => t.mul(tf.tensor1d([0, 2, 4]));
    const program = engine.jit((_: object, t: tf.Tensor) => ({ y: dropout(t) }), { name: 'own', frozen: {} });
    expect([...(await program(x)).y.data]).toEqual([0, 4, 12]);
    await engine.dispose();
  });

  it('no big constant into the graph', async () => {
    const { trace, nameInputs } = await import('./trace.js');
    const { encodeModel } = await import('./onnx-proto.js');
    const { model } = trace(
      (t: tf.Tensor) => ({
        y: tf
          .zeros([1000, 1000])
          .add(tf.ones([1000, 1000]))
          .add(t.sum()),
      }),
      [nameInputs(x, 'x', (value): value is HostTensor => value instanceof HostTensor)],
    );
    expect(encodeModel(model).length).toBeLessThan(2000);
  });

  it('traces again for other shapes, and keeps two programs apart', async () => {
    const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    const w = HostTensor.float([2]);
    const double = engine.jit((f: { w: tf.Tensor }, t: tf.Tensor) => ({ y: t.mul(f.w) }), {
      name: 'double',
      frozen: { w },
    });
    const minus = engine.jit((f: { w: tf.Tensor }, t: tf.Tensor) => ({ y: t.sub(f.w) }), {
      name: 'minus',
      frozen: { w },
    });
    const [a, b, c] = await Promise.all([double(x), minus(x), double(HostTensor.float([4], [1, 1]))]);
    expect([...a.y.data]).toEqual([2, 4, 6]);
    expect([...b.y.data]).toEqual([-1, 0, 1]);
    expect(c.y.shape).toEqual([1, 1]);
    await double.dispose();
    expect([...(await minus(x)).y.data]).toEqual([-1, 0, 1]);
    await engine.dispose();
  });
});
