import { describe, expect, it } from 'vitest';
import { createEngine, crossEntropy, HostTensor, tf } from '../index.js';

describe('engine', () => {
  it.each(['compiled', 'eager'] as const)('%s runs a function with its gradient', async (name) => {
    const engine = await createEngine({ engine: name, device: 'cpu' });
    const program = engine.jit(
      (frozen: { w: tf.Tensor2D }, x: tf.Tensor2D, targets: tf.Tensor1D) => {
        const loss = (input: tf.Tensor) => crossEntropy(tf.matMul(input as tf.Tensor2D, frozen.w), targets).mean();
        const { value, grad } = tf.valueAndGrad(loss)(x);
        return { loss: value, grad };
      },
      { name: 'test', frozen: { w: HostTensor.float([1, 2, 3, 4, 5, 6], [2, 3]) } },
    );
    const out = await program(HostTensor.float([0.1, 0.2], [1, 2]), HostTensor.int([1]));
    // torch: F.cross_entropy(x @ w, tensor([1])) and x.grad
    expect(out.loss.item()).toBeCloseTo(1.1288, 3);
    expect(out.grad.shape).toEqual([1, 2]);
  });
});
