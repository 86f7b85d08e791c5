import { largest } from '@gmoe/core';

/** Softmax of log-scores. */
export function softmax(scores: readonly number[]): number[] {
  const most = largest(scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/**
 * Expected calibration error (Guo et al. 2017): `sum_b |B_b| / n |accuracy(B_b) - confidence(B_b)|` over equal-width bins
 * ((b-1)/bins, b/bins] of the confidence in the chosen option.
 */
export function expectedCalibrationError(
  confidences: readonly number[],
  correct: readonly boolean[],
  bins: number,
): number {
  const gaps = new Float64Array(bins);
  confidences.forEach((confidence, i) => {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gaps[bin]! += Number(correct[i]) - confidence;
  });
  return confidences.length === 0 ? 0 : gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / confidences.length;
}
