import type { SweepResults, TrialRecord } from '@gmoe/report';
import { markdownTable, shown } from './study-arms.js';

/** Loss on dev of each arm at each learning rate, and the rate that it chooses. */
export function ratesTable(results: SweepResults): string {
  const rateOf = ({ axes }: TrialRecord['trial']): number => Number(axes['optimizer.learningRate']);
  const rates = [...new Set(results.trials.map(({ trial }) => rateOf(trial)))].sort((a, b) => a - b);
  const arms = new Map<string, Map<number, number>>();
  for (const each of results.trials) {
    const name = each.trial.arm.split(' · ')[0]!;
    const losses = arms.get(name) ?? new Map<number, number>();
    arms.set(name, losses);
    const loss = each.result?.metrics['best/loss'];
    if (each.state === 'finished' && loss !== undefined) losses.set(rateOf(each.trial), loss);
  }
  const rows = [...arms].map(([name, losses]) => {
    const chosen = [...losses].toSorted((a, b) => a[1] - b[1])[0]?.[0];
    return [
      name,
      ...rates.map((rate) => shown(losses.get(rate) ?? Number.NaN, 3)),
      losses.size === rates.length ? String(chosen) : 'open',
    ];
  });
  return markdownTable(['arm', ...rates.map((rate) => `loss at ${rate}`), 'chosen'], rows);
}
