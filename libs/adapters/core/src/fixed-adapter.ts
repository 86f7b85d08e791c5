import { UserError } from '@gmoe/core';
import type { FixedAdapter } from '@gmoe/model';
import { underPrefix, withPrefix, type HostTensor } from '@gmoe/tensor';
import type { Adapter, AdapterParams } from './adapter.js';

const GROUPS = { trainable: 'trainable.', frozen: 'frozen.', state: 'state.' } as const;

/**
 * A trained adapter for generation, where no tensor of it changes. Its `adaptedWeights` are the caller's.
 * @throws UserError if a token's experts depend on tokens that come later, of which generation has none
 */
export function fixedAdapter(adapter: Adapter, { trainable, frozen, state }: AdapterParams<HostTensor>): FixedAdapter {
  if (adapter.routing?.acausal) {
    throw new UserError(
      'adapter: its selector looks at later tokens, so that it cannot generate; train it with a causal one (top-k, or expert-choice with evaluation: top-k)',
    );
  }
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
