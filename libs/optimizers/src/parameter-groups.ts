import type { FlatLayout, HostTensor, tf } from '@gmoe/tensor';
import type { SharedOptions } from './shared-options.js';

/** Factors by parameter [N], present only where they are not 1 everywhere. */
export type ParameterGroups<T = tf.Tensor1D> = {
  /** Of the learning rate (LoRA+). */
  readonly rate_N?: T;
  /** Of the weight decay: 1 or 0. */
  readonly decay_N?: T;
};

/** The factors that `loraPlusRatio` and `weightDecayOn` mean for a layout. */
export function parameterGroups(
  layout: FlatLayout,
  { loraPlusRatio, weightDecayOn, weightDecay }: SharedOptions,
): ParameterGroups<HostTensor> {
  const isVector = new Map(layout.entries.map(({ name, shape }) => [name, shape.length < 2]));
  return {
    ...(loraPlusRatio === 1
      ? {}
      : { rate_N: layout.fill((name) => (name.endsWith('.lora_B.weight') ? loraPlusRatio : 1)) }),
    ...(weightDecayOn === 'all' || weightDecay === 0
      ? {}
      : { decay_N: layout.fill((name) => (isVector.get(name) ? 0 : 1)) }),
  };
}
