/** Bins of the expected calibration error where none are named, as in Guo et al. */
export const CALIBRATION_BINS = 15;

export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Reliability {
  /** The bins that hold an answer. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: `sum_b |B_b| / n |accuracy(B_b) - confidence(B_b)|`; 0 of nothing. */
  readonly ece: number;
  readonly count: number;
}

/**
 * Confidence in the chosen option against accuracy, in equal-width bins ((b-1)/bins, b/bins], and their expected calibration
 * error. Source: Guo et al., ICML 2017.
 */
export function reliability(
  answers: readonly { readonly confidence: number; readonly correct: boolean }[],
  binCount = CALIBRATION_BINS,
): Reliability {
  const groups = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, correct: 0, gap: 0 }));
  for (const { confidence, correct } of answers) {
    const group = groups[Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1))]!;
    group.count += 1;
    group.confidence += confidence;
    group.correct += Number(correct);
    group.gap += Number(correct) - confidence;
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
  const gap = groups.reduce((sum, group) => sum + Math.abs(group.gap), 0);
  return { bins, ece: answers.length === 0 ? 0 : gap / answers.length, count: answers.length };
}
