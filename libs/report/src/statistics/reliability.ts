import { largest } from '@gmoe/core/extremes';

export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: mean |accuracy - confidence| over bins, weighted by their counts. */
  readonly ece: number;
  readonly count: number;
}

/**
 * Probability of each option: scores that already are probabilities stay; others (logits, log-likelihoods) go
 * through softmax.
 */
export function optionProbabilities(scores: readonly number[]): number[] {
  const sum = scores.reduce((a, b) => a + b, 0);
  if (scores.every((s) => s >= 0 && s <= 1) && Math.abs(sum - 1) < 1e-4) return [...scores];
  const most = largest(scores);
  const powers = scores.map((s) => Math.exp(s - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** Confidence against accuracy in equal-width bins (low, high]. Source: Guo et al., ICML 2017. */
export function reliability(
  answers: readonly { readonly confidence: number; readonly correct: boolean }[],
  binCount = 10,
): Reliability {
  const groups = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, correct: 0 }));
  for (const { confidence, correct } of answers) {
    const group = groups[Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1))]!;
    group.count += 1;
    group.confidence += confidence;
    group.correct += correct ? 1 : 0;
  }
  const bins = groups.flatMap(({ count, confidence, correct }, b): ReliabilityBin[] =>
    count === 0
      ? []
      : [
          {
            low: b / binCount,
            high: (b + 1) / binCount,
            count,
            confidence: confidence / count,
            accuracy: correct / count,
          },
        ],
  );
  const gap = bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.accuracy - bin.confidence), 0);
  return { bins, ece: answers.length === 0 ? 0 : gap / answers.length, count: answers.length };
}
