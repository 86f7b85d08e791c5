import { tf } from '../tf.js';
import { isTracing, runTraceKernel } from '../trace/trace-state.js';

/** `tf.logSoftmax` over the last axis, which tfjs makes of six ops where ONNX has one. No gradient. [N, V] -> [N, V]. */
export function logSoftmax(logits_NV: tf.Tensor2D): tf.Tensor2D {
  return isTracing() ? runTraceKernel('LogSoftmax', { logits: logits_NV }, { axis: -1 }) : tf.logSoftmax(logits_NV);
}
