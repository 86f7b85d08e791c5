import { UserError } from '@gmoe/core';

/**
 * E of each layer. A list of n counts splits the L layers into n equal runs (MoLA's 2-4-6-8 over 32 layers: eight layers
 * each); a list of L counts is taken layer by layer.
 *
 * @throws UserError if the list is longer than the model, or does not divide its layers
 */
export function expertsPerLayer(experts: number | readonly number[], layers: number): number[] {
  if (typeof experts === 'number') return Array.from({ length: layers }, () => experts);
  if (experts.length > layers || layers % experts.length !== 0) {
    throw new UserError(
      `adapter.mixture.experts: a list of ${experts.length} counts does not divide the model's ${layers} layers; allowed lengths: the divisors of ${layers}`,
    );
  }
  const run = layers / experts.length;
  return Array.from({ length: layers }, (_, layer) => experts[Math.floor(layer / run)]!);
}
