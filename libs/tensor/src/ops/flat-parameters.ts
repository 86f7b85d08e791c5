import { HostTensor, sizeOf } from '../host-tensor.js';
import { tf } from '../tf.js';

/** Where one named tensor lies in a flat vector. */
export interface FlatEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** The layout of named float32 tensors in one vector [N], so that the optimizer is a handful of ops on one tensor. */
export class FlatLayout {
  readonly entries: readonly FlatEntry[];
  readonly size: number;

  /** @throws Error if a name stands twice. */
  constructor(shapes: Iterable<readonly [name: string, shape: readonly number[]]>) {
    let offset = 0;
    const seen = new Set<string>();
    this.entries = [...shapes].map(([name, shape]) => {
      if (seen.has(name)) throw new Error(`two tensors are named '${name}'`);
      seen.add(name);
      const entry = { name, shape, offset, size: sizeOf(shape) };
      offset += entry.size;
      return entry;
    });
    this.size = offset;
  }

  /** Copies named host tensors into one vector [N]. @throws Error on a missing name or another shape. */
  pack(tensors: Readonly<Record<string, HostTensor>>): HostTensor {
    const flat = new Float32Array(this.size);
    for (const { name, shape, offset } of this.entries) {
      const tensor = tensors[name];
      if (!tensor) throw new Error(`tensor '${name}' is missing`);
      if (tensor.shape.join() !== shape.join()) {
        throw new Error(`tensor '${name}' has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
      }
      flat.set(tensor.data, offset);
    }
    return new HostTensor(flat, [this.size]);
  }

  /** Named views into a flat host vector [N]; they share its memory. */
  unpack(flat: HostTensor): Record<string, HostTensor> {
    const data = flat.data as Float32Array;
    return Object.fromEntries(
      this.entries.map(({ name, shape, offset, size }) => [
        name,
        new HostTensor(data.subarray(offset, offset + size), shape),
      ]),
    );
  }

  /** Named tensors of a flat vector inside a program; the gradient is one concatenation. flat [N]. */
  split(flat_N: tf.Tensor1D): Record<string, tf.Tensor> {
    if (this.entries.length === 0) return {};
    const parts = tf.split(
      flat_N,
      this.entries.map((entry) => entry.size),
    );
    return Object.fromEntries(this.entries.map(({ name, shape }, i) => [name, parts[i]!.reshape([...shape])]));
  }

  /** A vector [N] that holds one value per tensor, repeated over its elements: learning-rate scales, decay flags. */
  fill(valueOf: (name: string) => number): HostTensor {
    const flat = new Float32Array(this.size);
    for (const { name, offset, size } of this.entries) flat.fill(valueOf(name), offset, offset + size);
    return new HostTensor(flat, [this.size]);
  }
}
