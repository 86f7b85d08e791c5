import type { FixedAdapter } from '@gmoe/model';
import type { HostTensor } from '@gmoe/tensor';
import type { Adapter, AdapterParams } from './adapter.js';
import { below, prefixed } from './names.js';

const GROUPS = { trainable: 'trainable.', frozen: 'frozen.', state: 'state.' } as const;

/** A trained adapter for generation and scoring, where no tensor of it changes. */
export function fixedAdapter(adapter: Adapter, { trainable, frozen, state }: AdapterParams<HostTensor>): FixedAdapter {
  return {
    tensors: {
      ...prefixed(trainable, GROUPS.trainable),
      ...prefixed(frozen, GROUPS.frozen),
      ...prefixed(state, GROUPS.state),
    },
    bind: (tensors, tokenMask_T) =>
      adapter.bind(
        {
          trainable: below(tensors, GROUPS.trainable),
          frozen: below(tensors, GROUPS.frozen),
          state: below(tensors, GROUPS.state),
        },
        { tokenMask_T, training: false },
      ).hooks,
  };
}
