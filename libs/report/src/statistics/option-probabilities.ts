import { softmax } from '@gmoe/core/statistics';

/**
 * Probability of each option: scores that already are probabilities stay; others (logits, log-likelihoods) go
 * through softmax.
 */
export function optionProbabilities(scores: readonly number[]): number[] {
  const sum = scores.reduce((a, b) => a + b, 0);
  const given = scores.every((s) => s >= 0 && s <= 1) && Math.abs(sum - 1) < 1e-4;
  return given ? [...scores] : softmax(scores);
}
