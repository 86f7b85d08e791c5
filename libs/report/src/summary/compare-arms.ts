import type { RandomKey } from '@gmoe/tensor';
import type { Prediction } from '@gmoe/experiment';
import {
  cohensDz,
  detectableDz,
  hedgesG,
  holm,
  mcNemarTest,
  mean,
  pairedBootstrap,
  pairedTTest,
  probabilityOfSuperiority,
  sampleStd,
  seedsNeeded,
  signTest,
  wilcoxonSignedRank,
} from '../statistics/index.js';
import type { Arm } from './arms.js';
import type { MetricDefinition } from './metric-catalog.js';
import { metricValue } from './metric-values.js';
import type { Comparison, ExampleComparison } from './summary.js';
import { judge, type Judged } from './verdict.js';
import { comparisonWording } from './wording.js';

export interface ComparisonOptions {
  readonly primary: MetricDefinition;
  readonly level: number;
  readonly resamples: number;
  readonly key: RandomKey;
}

/** Compares each arm with the reference on the seeds and the examples that both have; Holm over all of them. */
export function compareArms(reference: Arm, others: readonly Arm[], options: ComparisonOptions): Comparison[] {
  // One key, so that all comparisons share their draws.
  const shared = { ...options, key: options.key.fold('examples').fold(reference.group) };
  const drafts = others.map((arm) => compare(arm, reference, shared));
  const adjusted = holm(drafts.map(({ draft }) => draft.p ?? undefined));
  return drafts.map(({ draft, judged }, i) => {
    const pHolm = adjusted[i] ?? null;
    const { verdict } = judged.corrected(pHolm, 1 - options.level, options.primary);
    const comparison = { ...draft, pHolm, verdict };
    return { ...comparison, wording: comparisonWording(comparison, options.primary, drafts.length) };
  });
}

type Draft = Omit<Comparison, 'pHolm' | 'verdict' | 'wording'>;

function compare(arm: Arm, reference: Arm, options: ComparisonOptions): { draft: Draft; judged: Judged } {
  const mine = valuesBySeed(arm, options.primary);
  const theirs = valuesBySeed(reference, options.primary);
  const seeds = [...mine.keys()].filter((seed) => theirs.has(seed)).sort((a, b) => a - b);
  const differences = seeds.map((seed) => mine.get(seed)! - theirs.get(seed)!);
  const t = pairedTTest(differences, options.level);
  const sign = differences.length > 0 ? signTest(differences) : null;
  const judged = judge(differences, t, sign);
  const noSpread = judged.test === 'sign';
  const dz = noSpread ? undefined : cohensDz(differences);
  const detectable = noSpread ? undefined : detectableDz(differences.length);
  const draft: Draft = {
    arm: arm.name,
    reference: reference.name,
    context: arm.context,
    seeds,
    difference: differences.length > 0 ? mean(differences) : null,
    std: differences.length > 1 ? sampleStd(differences) : null,
    interval: judged.interval,
    p: judged.p,
    test: judged.test,
    sign,
    wilcoxon: differences.length > 0 ? wilcoxonSignedRank(differences) : null,
    examples: options.primary.id === 'accuracy' ? compareExamples(arm, reference, seeds, options) : null,
    effect: {
      cohensDz: dz ?? null,
      hedgesG: hedgesG([...mine.values()], [...theirs.values()]) ?? null,
      probabilityOfSuperiority: probabilityOfSuperiority([...mine.values()], [...theirs.values()]) ?? null,
    },
    seedsNeeded: dz === undefined || dz === 0 ? null : (seedsNeeded(dz) ?? null),
    detectableDifference: detectable === undefined || t === undefined ? null : detectable * t.std,
  };
  return { draft, judged };
}

function valuesBySeed(arm: Arm, metric: MetricDefinition): Map<number, number> {
  return new Map(
    arm.records.flatMap((record) => {
      const value = metricValue(record, metric);
      return value === undefined ? [] : [[record.trial.seed, value] as const];
    }),
  );
}

function compareExamples(
  arm: Arm,
  reference: Arm,
  seeds: readonly number[],
  { key, level, resamples }: ComparisonOptions,
): ExampleComparison | null {
  const pairs = seeds.map((seed) => ({ seed, mine: answersOf(arm, seed), theirs: answersOf(reference, seed) }));
  const complete = pairs.filter(({ mine, theirs }) => mine.size > 0 && theirs.size > 0);
  const first = complete[0];
  if (!first) return null;
  const ids = [...first.mine.keys()].filter((id) =>
    complete.every(({ mine, theirs }) => mine.has(id) && theirs.has(id)),
  );
  const differences = complete.map(({ mine, theirs }) => ids.map((id) => mine.get(id)! - theirs.get(id)!));
  const bootstrap = pairedBootstrap(differences, {
    key,
    level,
    resamples,
    over: complete.length > 1 ? 'seeds-and-examples' : 'examples',
  });
  if (!bootstrap) return null;
  const mcNemar = complete.map(({ seed }, s) => {
    const row = differences[s]!;
    return { seed, ...mcNemarTest(row.filter((d) => d > 0).length, row.filter((d) => d < 0).length) };
  });
  return { bootstrap, mcNemar };
}

function answersOf(arm: Arm, seed: number): Map<string, number> {
  const record = arm.records.find((candidate) => candidate.state === 'finished' && candidate.trial.seed === seed);
  return new Map((record?.predictions ?? []).map(({ id, correct }: Prediction) => [id, correct ? 1 : 0]));
}
