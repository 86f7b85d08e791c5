import type { tf } from '../tf.js';
import { customGradient } from './custom-gradient.js';
import { logSoftmax } from './log-softmax.js';
import { addAlongLast, takeAlongLast } from './take-along.js';

/**
 * Negative log-probability of each row's target under softmax(logits); no one-hot of the vocabulary is formed.
 * Gradient: `softmax(logits) - onehot(target)`. logits [N, V], targets [N] int32 -> [N] nats.
 */
export function crossEntropy(logits_NV: tf.Tensor2D, targets_N: tf.Tensor1D): tf.Tensor1D {
  const [rows] = logits_NV.shape;
  const targets_N1 = targets_N.reshape([rows, 1]) as tf.Tensor2D;
  return customGradient(logits_NV, (x_NV: tf.Tensor2D, save) => {
    const logProbs_NV = logSoftmax(x_NV);
    save([logProbs_NV, targets_N1]);
    return {
      value: takeAlongLast(logProbs_NV, targets_N1).neg().reshape([rows]) as tf.Tensor1D,
      gradFunc: (dy_N: tf.Tensor1D, saved) => {
        const dy_N1 = dy_N.reshape([rows, 1]) as tf.Tensor2D;
        const [logProbs, targets] = saved as [tf.Tensor2D, tf.Tensor2D];
        return addAlongLast(logProbs.exp().mul(dy_N1), targets, dy_N1.neg());
      },
    };
  });
}
