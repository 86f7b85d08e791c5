import { mean, type ExactTest, type Interval, type PairedTTest } from '../statistics/index.js';
import type { MetricDefinition } from './metric-catalog.js';
import type { Verdict } from './summary.js';

export interface Judgement {
  readonly interval: Interval | null;
  readonly p: number | null;
  readonly test: 'paired t' | 'sign' | null;
  readonly verdict: Verdict;
}

export type Judged = Omit<Judgement, 'verdict'> & {
  /** The verdict once p is corrected for the other tests beside it. */
  readonly corrected: (pHolm: number | null, alpha: number, metric: MetricDefinition) => Judgement;
};

/**
 * The test of paired differences that may be trusted: the t test, or the sign test where the differences have no
 * spread. Equal differences on every seed happen by chance on a small test set; a t test would call that certainty.
 */
export function judge(differences: readonly number[], t: PairedTTest | undefined, sign: ExactTest | null): Judged {
  const noSpread = t !== undefined && !(t.std > 1e-12 * Math.abs(t.difference));
  const base = {
    interval: noSpread ? null : (t?.interval ?? null),
    p: (noSpread ? sign?.p : t?.p) ?? null,
    test: t === undefined ? null : noSpread ? ('sign' as const) : ('paired t' as const),
  };
  return {
    ...base,
    corrected: (pHolm, alpha, metric) => ({
      ...base,
      verdict: verdictOf(mean(differences), base.p, pHolm, alpha, metric),
    }),
  };
}

function verdictOf(
  difference: number,
  p: number | null,
  pHolm: number | null,
  alpha: number,
  metric: MetricDefinition,
): Verdict {
  if (p === null || pHolm === null) return 'too few seeds';
  if (p >= alpha || metric.better === 'neither') return 'no evidence';
  if (pHolm >= alpha) return 'suggestive';
  return difference > 0 === (metric.better === 'higher') ? 'better' : 'worse';
}
