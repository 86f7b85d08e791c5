import { INT8_LARGEST, SMALLEST_PEAK } from '../quantization/rows.js';
import { INT8_SUFFIX } from '../quantization/int8-weights.js';
import { tf } from '../tf.js';
import { isTracing, runTraceKernel } from '../trace/trace-state.js';
import { customGradient } from './custom-gradient.js';
import { linear } from './layers.js';

/** A matrix in 8 bits, `W[o, i] = scale[o] q[o, i]`. Which layouts are there says what is computed in 8 bits. */
interface Int8Matrix {
  /** q as the input's gradient reads it. int8, int32 inside a program. */
  readonly q_OI?: tf.Tensor2D;
  /** q as the forward product reads it; without it, products are float32. */
  readonly q_IO?: tf.Tensor2D;
  readonly scale_O: tf.Tensor1D;
}

/**
 * `x W^T` for a weight that does not train, in the form in which the named tensors hold it: float32, or 8 bits
 * (`int8Weights`). In 8 bits the rows of x, and of `dy scale` in the gradient, are quantised one by one (`rowwiseProduct`), which
 * is the gradient of the quantised layer but for that rounding. x [T, I], W [O, I] -> [T, O]; differentiable in x.
 * @throws Error if neither form is there
 */
export function frozenLinear(
  x_TI: tf.Tensor2D,
  tensors: Readonly<Record<string, tf.Tensor>>,
  name: string,
): tf.Tensor2D {
  const scale_O = tensors[name + INT8_SUFFIX.scale] as tf.Tensor1D | undefined;
  if (!scale_O) {
    const weight_OI = tensors[name] as tf.Tensor2D | undefined;
    if (!weight_OI) throw new Error(`the weight '${name}' is missing`);
    return linear(x_TI, weight_OI);
  }
  const q_OI = tensors[name + INT8_SUFFIX.rows] as tf.Tensor2D | undefined;
  const q_IO = tensors[name + INT8_SUFFIX.columns] as tf.Tensor2D | undefined;
  return int8Linear(x_TI, { scale_O, ...(q_OI ? { q_OI } : {}), ...(q_IO ? { q_IO } : {}) });
}

function int8Linear(x_TI: tf.Tensor2D, { q_OI, q_IO, scale_O }: Int8Matrix): tf.Tensor2D {
  return customGradient(x_TI, (x: tf.Tensor2D, save) => {
    const widened_OI = () => q_OI!.cast<tf.Tensor2D>('float32');
    save([scale_O, (q_OI ?? q_IO)!]);
    return {
      value: q_IO
        ? rowwiseProduct(x, q_IO, scale_O)
        : tf.matMul(x, widened_OI(), false, true).mul<tf.Tensor2D>(scale_O),
      gradFunc: (dy_TO: tf.Tensor2D, saved) => {
        const [scale, q] = saved as [tf.Tensor1D, tf.Tensor2D];
        // Not the forward pass's floats, which would be held until here, for all layers at once.
        if (!q_IO) return tf.matMul(dy_TO, dequantizedRows(q, scale));
        const scaled_TO = dy_TO.mul<tf.Tensor2D>(scale);
        if (q_OI) return rowwiseProduct(scaled_TO, q);
        return tf.matMul(scaled_TO, q.cast<tf.Tensor2D>('float32'), false, true);
      },
    };
  });
}

/** `W[o, i] = scale[o] q[o, i]`. q [O, I] integers, scale [O] -> [O, I]. */
function dequantizedRows(q_OI: tf.Tensor2D, scale_O: tf.Tensor1D): tf.Tensor2D {
  if (isTracing()) return runTraceKernel('DequantizeRows', { weight: q_OI, scale: scale_O });
  return q_OI.cast<tf.Tensor2D>('float32').mul(scale_O.expandDims(1));
}

/**
 * `s_t (round(x_t / s_t) q) scale` with `s_t = max|x_t| / 127`, row by row; sums are exact integers.
 * x [T, I], q [I, O] integers, scale [O] (default 1) -> [T, O].
 */
function rowwiseProduct(x_TI: tf.Tensor2D, q_IO: tf.Tensor2D, scale_O?: tf.Tensor1D): tf.Tensor2D {
  if (isTracing()) {
    return runTraceKernel('RowwiseInt8MatMul', { x: x_TI, weight: q_IO, ...(scale_O ? { scale: scale_O } : {}) });
  }
  const scale_T1 = x_TI
    .abs()
    .max(1, true)
    .maximum(SMALLEST_PEAK)
    .mul<tf.Tensor2D>(1 / INT8_LARGEST);
  const product_TO = tf.matMul(tf.round(x_TI.div<tf.Tensor2D>(scale_T1)), q_IO.cast<tf.Tensor2D>('float32'));
  return (scale_O ? product_TO.mul<tf.Tensor2D>(scale_O) : product_TO).mul(scale_T1);
}
