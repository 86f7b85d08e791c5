import type { HostTensor } from './host-tensor.js';
import { tf } from './tf.js';

/** The tfjs tensor of a host tensor on the current backend, with memory of its own; int8 becomes int32. */
export function tensorOf<T extends tf.Tensor>({ data, shape, dtype }: HostTensor): T {
  if (dtype === 'int8') return tf.tensor(Int32Array.from(data), [...shape], 'int32') as T;
  // A copy: tfjs's cpu backend would otherwise alias the caller's memory.
  return tf.tensor(data.slice() as Float32Array, [...shape], dtype) as T;
}
