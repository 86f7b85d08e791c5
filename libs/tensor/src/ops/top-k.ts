import { tf } from '../tf.js';
import { isTracing } from '../trace/trace-state.js';
import { customGradient } from './custom-gradient.js';

/** Ids of the `k` largest scores of each row, largest first; ties take the lower id. [T, E] -> [T, K] int32. */
export function topKIds(scores_TE: tf.Tensor2D, k: number): tf.Tensor2D {
  const shape = scores_TE.shape;
  checkK(k, shape[1]);
  // As one op with a zero gradient: tfjs would look for TopK's own whenever ids reach the loss, e.g. through a one-hot.
  return customGradient<tf.Tensor2D, tf.Tensor2D>(scores_TE, (scores) => ({
    value: tf.topk(scores, k, true).indices,
    gradFunc: () => tf.zeros(shape),
  }));
}

/**
 * 1 where a score is among the `k` largest of its row, else 0; exactly `k` ones a row, no gradient.
 * [T, E] -> [T, E] float32.
 */
export function topKMask(scores_TE: tf.Tensor2D, k: number): tf.Tensor2D {
  const experts = scores_TE.shape[1];
  checkK(k, experts);
  if (k === experts) return tf.onesLike(scores_TE);
  return oneHot(topKIds(scores_TE, k), experts).sum(1);
}

/** 1 where an id is 0, as one op with a zero gradient, since tfjs has none of `Equal`. [...] int32 -> [..., 1] float32. */
function isFirst(ids: tf.Tensor): { value: tf.Tensor; gradFunc: () => tf.Tensor } {
  return {
    value: ids.equal(tf.scalar(0, 'int32')).cast('float32').expandDims(-1),
    gradFunc: () => tf.zeros(ids.shape),
  };
}

/** One row of indicator values per id. ids [...] int32 -> [..., depth] float32; no gradient. */
export function oneHot(ids: tf.Tensor, depth: number): tf.Tensor {
  // tfjs refuses a depth of 1: a layer of one expert.
  if (depth === 1) return customGradient(ids, isFirst);
  if (isTracing()) return tf.oneHot(ids, depth, 1, 0, 'float32');
  // tfjs's wasm kernel writes integers whatever the type, so that float32 ones would be 1.4e-45.
  return tf.oneHot(ids, depth).cast('float32');
}

function checkK(k: number, experts: number): void {
  if (!Number.isInteger(k) || k < 1 || k > experts) throw new RangeError(`k: ${k} is not in 1..${experts}`);
}
