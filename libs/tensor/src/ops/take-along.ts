import { tf } from '../tf.js';
import { customGradient } from './custom-gradient.js';
import { oneHot } from './top-k.js';
import { isTracing, runTraceKernel } from '../trace/trace-state.js';

/**
 * Elements of each row by column id, differentiable in `x`: `y[t, k] = x[t, ids[t, k]]`.
 * x [T, V], ids [T, K] int32 -> [T, K].
 */
export function takeAlongLast(x_TV: tf.Tensor2D, ids_TK: tf.Tensor2D): tf.Tensor2D {
  const columns = x_TV.shape[1];
  return customGradient(x_TV, (x: tf.Tensor2D, save) => {
    save([ids_TK]);
    return {
      value: gatherColumns(x, ids_TK),
      gradFunc: (dy_TK: tf.Tensor2D, [ids]) => scatterColumns(dy_TK, ids as tf.Tensor2D, columns),
    };
  });
}

function gatherColumns(x_TV: tf.Tensor2D, ids_TK: tf.Tensor2D): tf.Tensor2D {
  if (isTracing()) return runTraceKernel('GatherAlongLast', { x: x_TV, ids: ids_TK });
  return tf.sum(x_TV.expandDims(1).mul(oneHot(ids_TK, x_TV.shape[1])), -1);
}

/** `y[t, ids[t, k]] += x[t, k]` into zeros. x [T, K], ids [T, K] int32 -> [T, columns]. No gradient of its own. */
export function scatterColumns(x_TK: tf.Tensor2D, ids_TK: tf.Tensor2D, columns: number): tf.Tensor2D {
  if (isTracing()) {
    const zeros_TV = tf.zeros<tf.Rank.R2>([x_TK.shape[0], columns]);
    return runTraceKernel('ScatterAddAlongLast', { x: zeros_TV, ids: ids_TK, updates: x_TK });
  }
  return tf.sum(x_TK.expandDims(2).mul(oneHot(ids_TK, columns)), 1);
}

/** `x` with `updates[t, k]` added at `[t, ids[t, k]]`. x [T, V], ids and updates [T, K] -> [T, V]. No gradient. */
export function addAlongLast(x_TV: tf.Tensor2D, ids_TK: tf.Tensor2D, updates_TK: tf.Tensor2D): tf.Tensor2D {
  if (isTracing()) return runTraceKernel('ScatterAddAlongLast', { x: x_TV, ids: ids_TK, updates: updates_TK });
  return x_TV.add(scatterColumns(updates_TK, ids_TK, x_TV.shape[1]));
}
