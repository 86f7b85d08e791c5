import { NAMES } from '@gmoe/adapters-core';
import { UserError } from '@gmoe/core';
import { HostTensor } from '@gmoe/tensor';
import type { LoraSite } from './lora-sites.js';

type Named = Readonly<Record<string, HostTensor>>;

/** W [out, in] + scaling B [out, R] A [R, in] of one site. @throws UserError if a tensor is missing or misshapen */
export function foldedWeight(base: Named, trainable: Named, { path, scaling }: LoraSite): HostTensor {
  const weight = tensorOf(base, `${path}.weight`);
  const a = tensorOf(trainable, NAMES.loraA(path));
  const b = tensorOf(trainable, NAMES.loraB(path));
  const [outputs, inputs] = weight.shape as [number, number];
  const rank = a.shape[0]!;
  if (a.shape[1] !== inputs || b.shape[0] !== outputs || b.shape[1] !== rank) {
    throw new UserError(
      `merge: LoRA of '${path}' is [${b.shape.join(', ')}] x [${a.shape.join(', ')}], the weight [${outputs}, ${inputs}]`,
    );
  }
  const data = Float32Array.from(weight.data);
  for (let o = 0; o < outputs; o++) {
    for (let r = 0; r < rank; r++) {
      const factor = scaling * b.data[o * rank + r]!;
      for (let i = 0; i < inputs; i++) data[o * inputs + i]! += factor * a.data[r * inputs + i]!;
    }
  }
  return new HostTensor(data, weight.shape);
}

/** @throws UserError if there is none of this name */
export function tensorOf(tensors: Named, name: string): HostTensor {
  const tensor = tensors[name];
  if (!tensor) throw new UserError(`merge: tensor '${name}' is missing`);
  return tensor;
}
