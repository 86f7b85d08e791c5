import type { SweepResults } from '../results/sweep-results.js';
import type { SweepSummary } from '../summary/index.js';
import { armChart } from './arm-chart.js';
import { axisChart, numericAxes } from './axis-chart.js';
import type { Chart } from './chart.js';
import { collaborationChart, coSelectionChart, type Collaboration } from './collaboration-chart.js';
import { lossCurves } from './curves.js';
import { differenceChart } from './difference-chart.js';
import { importanceChart } from './importance-chart.js';
import { loadChart } from './load-chart.js';
import { lossChart } from './loss-chart.js';
import { paretoChart } from './pareto-chart.js';
import { reliabilityChart } from './reliability-chart.js';

/** Every chart that the results can carry, in the order of the report; what has no data is left out. */
export function reportCharts(results: SweepResults, summary: SweepSummary): Chart[] {
  const curves = lossCurves(results.trials);
  return summary.contexts
    .flatMap((context) => [
      armChart(summary, context),
      differenceChart(summary, context),
      ...numericAxes(summary, context).map((axis) => axisChart(summary, context, axis)),
      curves && lossChart(curves, summary, context),
      loadChart(summary, context),
      ...collaborations(results, summary, context).flatMap((one) => [coSelectionChart(one), collaborationChart(one)]),
      importanceChart(summary, context),
      paretoChart(summary, context, 'trainableParameters'),
      paretoChart(summary, context, 'tokensPerSecond'),
      reliabilityChart(summary, context),
    ])
    .filter((chart): chart is Chart => chart !== undefined);
}

/** The lowest seed of the best arm and of the reference: experts cannot be averaged over seeds. */
function collaborations(results: SweepResults, summary: SweepSummary, context: string): Collaboration[] {
  const reference = summary.comparisons.find((comparison) => comparison.context === context)?.reference;
  const arms = summary.arms.filter((arm) => arm.context === context && (arm.best || arm.arm === reference));
  return arms.flatMap((arm): Collaboration[] => {
    const record = results.trials
      .filter(({ trial, routing }) => trial.group === arm.group && routing?.coSelection !== undefined)
      .sort((a, b) => a.trial.seed - b.trial.seed)[0];
    const coSelection = record?.routing?.coSelection;
    if (!record || !coSelection) return [];
    return [{ id: arm.group.slice(0, 8), arm: arm.arm, seed: record.trial.seed, coSelection }];
  });
}
