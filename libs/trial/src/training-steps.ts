import type { TrialConfig } from './trial-schema.js';

/** Optimizer steps of a trial: as written, or what its epochs come to over this many training examples. */
export function trainingSteps(
  { steps, epochs, batchSize, accumulate }: TrialConfig['training'],
  examples: number,
): number {
  return steps ?? Math.ceil((epochs! * examples) / (batchSize * accumulate));
}
