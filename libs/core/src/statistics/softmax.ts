import { largest } from '../extremes.js';

/** Softmax of log-scores. */
export function softmax(scores: readonly number[]): number[] {
  const most = largest(scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}
