import type { HostTensor, tf } from '@gmoe/tensor';
import type { DecoderHooks } from '../decoder/decoder.js';

/** What an adapter adds to a model whose tensors no longer change: for generation and scoring. */
export interface FixedAdapter {
  readonly tensors: Readonly<Record<string, HostTensor>>;
  /** The hooks of a pass over T tokens, inside a program; mask 1 = real token, 0 = padding. */
  bind(tensors: Readonly<Record<string, tf.Tensor>>, tokenMask_T: tf.Tensor1D): DecoderHooks;
}
