import type { SweepResults } from '../results/sweep-results.js';
import type { SweepSummary } from '../summary/index.js';
import { packCurves } from './pack-curves.js';
import { packExamples, type QuestionOf } from './pack-examples.js';
import { packRouting } from './pack-routing.js';
import type { PageDocument } from './page-document.js';

/** The page's data. @param questionOf texts of the test examples, where they are at hand */
export function pageDocument(results: SweepResults, summary: SweepSummary, questionOf?: QuestionOf): PageDocument {
  const { curves, leftOut } = packCurves(results.trials);
  const { examples, leftOut: examplesLeftOut } = packExamples(results.trials, questionOf);
  const { routing, leftOut: routingLeftOut } = packRouting(results.trials, routingOrder(results, summary));
  return {
    formatVersion: 1,
    summary,
    trials: results.trials.map(({ trial, state }) => ({ group: trial.group, seed: trial.seed, state })),
    curves,
    examples,
    routing,
    leftOut: [...leftOut, ...examplesLeftOut, ...routingLeftOut],
  };
}

/** The lowest seed of each arm, best arms and references first; then the other seeds. */
function routingOrder({ trials }: SweepResults, { arms, comparisons, primary }: SweepSummary): number[] {
  const sign = primary.better === 'lower' ? -1 : 1;
  const references = new Set(comparisons.map(({ reference }) => reference));
  const rank = new Map(
    arms
      .map(({ group, arm, metrics }) => ({
        group,
        score: references.has(arm) ? Infinity : sign * (metrics[primary.id]?.mean ?? -sign * Infinity),
      }))
      .sort((a, b) => b.score - a.score)
      .map(({ group }, i) => [group, i]),
  );
  const lowest = new Map<string, number>();
  for (const { trial } of trials) lowest.set(trial.group, Math.min(lowest.get(trial.group) ?? Infinity, trial.seed));
  const place = (i: number) => {
    const { group, seed } = trials[i]!.trial;
    return (seed === lowest.get(group) ? 0 : 1e6) + (rank.get(group) ?? 1e5);
  };
  return trials.map((_, i) => i).sort((a, b) => place(a) - place(b));
}
