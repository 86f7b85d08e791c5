import { HostTensor, type RandomKey, type tf } from '@gmoe/tensor';

/** The two factors of one update. A [R, in], B [out, R], PyTorch's layout. */
export interface LoraFactors<T = tf.Tensor2D> {
  readonly a: T;
  readonly b: T;
}

/**
 * A [rows, in] ~ U(-1/sqrt(in), 1/sqrt(in)): Kaiming-uniform with a = sqrt(5), as PyTorch and PEFT start it. The bound
 * depends on `in` alone, so that stacked experts start as single ones would.
 */
export function kaimingUniformA(key: RandomKey, rows: number, inputs: number): HostTensor {
  const bound = 1 / Math.sqrt(inputs);
  return key.uniform([rows, inputs], -bound, bound);
}

/** Starting factors of one site: A Kaiming-uniform, B zero, so that the adapted model starts as the base. */
export function initLora(key: RandomKey, shape: { readonly inputs: number; readonly outputs: number }, rank: number) {
  return { a: kaimingUniformA(key, rank, shape.inputs), b: HostTensor.zeros([shape.outputs, rank]) };
}
