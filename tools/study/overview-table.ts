import type { Baseline } from '@gmoe/experiment';
import { mean, sampleStd, type SweepResults } from '@gmoe/report';
import { armsOf, markdownTable, percent, values } from './study-arms.js';

/**
 * Accuracy and stability as the paper's Table 1 has them: `mean (std over seeds)` in percent, and the average of both over the
 * tasks. An arm without all of its seeds has no cell.
 */
export function overviewTable(tasks: ReadonlyMap<string, SweepResults>): string {
  const perTask = [...tasks.values()].map((results) => new Map(armsOf(results).map((arm) => [arm.name, arm])));
  const names = [...new Set(perTask.flatMap((arms) => [...arms.keys()]))];
  const rows = names.map((name) => {
    const scores = perTask.map((arms) => {
      const arm = arms.get(name);
      const accuracies = arm ? values(arm, 'eval/accuracy') : [];
      return accuracies.length > 1 && accuracies.length === arm?.planned
        ? { mean: mean(accuracies), std: sampleStd(accuracies) }
        : undefined;
    });
    const complete = scores.filter((score) => score !== undefined);
    const average =
      complete.length === scores.length
        ? meanAndStd({ mean: mean(complete.map((score) => score.mean)), std: mean(complete.map(({ std }) => std)) })
        : '';
    return [name, ...scores.map((score) => (score ? meanAndStd(score) : '')), average];
  });
  const fixed = (name: string, of: (baseline: Baseline | undefined) => number | null | undefined) => {
    const each = [...tasks.values()].map(({ baselines }) => of(baselines[0]) ?? Number.NaN);
    return [name, ...each.map((value) => percent(value, 2)), percent(mean(each), 2)];
  };
  return markdownTable(
    ['arm', ...tasks.keys(), 'average'],
    [
      ...rows,
      fixed('untrained', (baseline) => baseline?.metrics['eval/accuracy']),
      fixed('the most frequent answer', (baseline) => baseline?.majority),
      fixed('chance', (baseline) => baseline?.chance),
    ],
  );
}

const meanAndStd = (score: { readonly mean: number; readonly std: number }): string =>
  `${percent(score.mean, 2)} (${percent(score.std, 2)})`;
