import type { tf } from '@gmoe/tensor';

/** A tensor of an adapter's parameters. @throws Error if there is none of this name */
export function parameter<T extends tf.Tensor = tf.Tensor2D>(
  tensors: Readonly<Record<string, tf.Tensor>>,
  name: string,
): T {
  const found = tensors[name];
  if (!found) throw new Error(`the adapter's parameters lack '${name}'`);
  return found as T;
}

/** A random tensor of a training pass. @throws Error if there is none of this name */
export function randomInput<T extends tf.Tensor = tf.Tensor>(
  tensors: Readonly<Record<string, tf.Tensor>> | undefined,
  name: string,
): T {
  const found = tensors?.[name];
  if (!found) throw new Error(`training needs the random input '${name}' (Adapter.randomInputs)`);
  return found as T;
}
