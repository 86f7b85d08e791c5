import { describe, expect, it } from 'vitest';
import { createEngine, gatherRows, HostTensor, tf } from '../index.js';

describe('gatherRows', () => {
  it.each(['compiled', 'eager'] as const)('%s: repeated ids add up in the gradient', async (name) => {
    const engine = await createEngine({ engine: name, device: 'cpu' });
    const program = engine.jit(
      (_: Record<string, never>, x: tf.Tensor2D, ids: tf.Tensor1D, w: tf.Tensor2D) => {
        const f = (input: tf.Tensor) =>
          gatherRows(input as tf.Tensor2D, ids)
            .mul(w)
            .sum() as tf.Scalar;
        const { value, grad } = tf.valueAndGrad(f)(x);
        return { value, grad };
      },
      { name: 'gather', frozen: {} },
    );
    const out = await program(
      HostTensor.float([1, 2, 3, 4, 5, 6], [3, 2]),
      HostTensor.int([2, 0, 2]),
      HostTensor.float([1, 10, 100, 1000, 2, 20], [3, 2]),
    );
    expect(out.value.item()).toBe(5 + 60 + 100 + 2000 + 10 + 120);
    expect([...out.grad.data]).toEqual([100, 1000, 0, 0, 3, 30]);
    await engine.dispose();
  });
});
