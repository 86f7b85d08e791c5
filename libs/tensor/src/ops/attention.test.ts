import { describe, expect, it } from 'vitest';
import { attention, RandomKey, tf } from '../index.js';
import { onBothEngines, relativeError } from '../testing/index.js';

const key = RandomKey.fromSeed(7);

describe('attention', () => {
  // Blocks of 65, of 86 and 85 (the last one shorter), and of more than 64 since there are at most four; 100 is one block.
  it.each([100, 130, 257, 300])('over %i tokens is the same where a causal mask is said to be one', async (length) => {
    const [q, k, v] = [4, 2, 2].map((heads, i) => key.fold(i).normal([2, length, heads, 3]));
    const probe = key.fold('probe').normal([2, length, 12]);
    const fn = (_: object, ...inputs: tf.Tensor[]) => {
      const [probe_BSO, ...projected] = inputs as [tf.Tensor3D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const index_S = tf.range(0, length, 1, 'int32');
      const hidden_SS = index_S.expandDims(1).less(index_S.expandDims(0));
      const mask_B1SZ = hidden_SS.cast<tf.Tensor>('float32').mul(-1e9).reshape([1, 1, length, length]);
      const of = (causal: boolean) => {
        const pass = (...qkv: tf.Tensor[]) => {
          const [a, b, c] = qkv as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
          return attention(a, b, c, mask_B1SZ.tile([2, 1, 1, 1]) as tf.Tensor4D, { causal });
        };
        const [dq, dk, dv] = tf.grads((...qkv) =>
          pass(...qkv)
            .mul(probe_BSO)
            .sum(),
        )(projected);
        return { y: pass(...projected), dq: dq!, dk: dk!, dv: dv! };
      };
      return { whole: of(false), blocks: of(true) };
    };
    const { compiled, eager } = await onBothEngines(fn, {}, [probe, q, k, v]);
    for (const { whole, blocks } of [compiled, eager]) {
      for (const name of ['y', 'dq', 'dk', 'dv'] as const) {
        expect(relativeError(blocks[name].data, whole[name].data), name).toBeLessThan(1e-6);
      }
    }
  });
});
