import { UserError } from '@gmoe/core';

/**
 * E of each layer. A list of n counts splits the L layers into n runs, as equal as can be (MoLA's 2-4-6-8 over 32 layers:
 * eight layers each); a list of L counts is taken layer by layer.
 *
 * @throws UserError if the list is longer than the model
 */
export function expertsPerLayer(experts: number | readonly number[], layers: number): number[] {
  if (typeof experts === 'number') return Array.from({ length: layers }, () => experts);
  if (experts.length > layers) {
    throw new UserError(
      `adapter.mixture.experts: a list of ${experts.length} counts for a model of ${layers} layers; allowed: at most one count a layer`,
    );
  }
  return Array.from({ length: layers }, (_, layer) => experts[Math.floor((layer * experts.length) / layers)]!);
}
