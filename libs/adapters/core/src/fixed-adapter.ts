import type { FixedAdapter } from '@gmoe/model';
import { underPrefix, withPrefix, type HostTensor } from '@gmoe/tensor';
import type { Adapter, AdapterParams } from './adapter.js';

const GROUPS = { trainable: 'trainable.', frozen: 'frozen.', state: 'state.' } as const;

/** A trained adapter for generation and scoring, where no tensor of it changes. Its `adaptedWeights` are the caller's. */
export function fixedAdapter(adapter: Adapter, { trainable, frozen, state }: AdapterParams<HostTensor>): FixedAdapter {
  return {
    tensors: {
      ...withPrefix(trainable, GROUPS.trainable),
      ...withPrefix(frozen, GROUPS.frozen),
      ...withPrefix(state, GROUPS.state),
    },
    bind: (tensors, tokenMask_T) =>
      adapter.bind(
        {
          trainable: underPrefix(tensors, GROUPS.trainable),
          frozen: underPrefix(tensors, GROUPS.frozen),
          state: underPrefix(tensors, GROUPS.state),
        },
        { tokenMask_T, training: false },
      ).hooks,
  };
}
