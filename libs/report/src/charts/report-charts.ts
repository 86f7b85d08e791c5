import type { SweepResults, TrialRecord } from '../results/sweep-results.js';
import type { ArmSummary, SweepSummary } from '../summary/index.js';
import { armChart } from './arm-chart.js';
import { axisChart, numericAxes } from './axis-chart.js';
import { entropyChart, lossChart } from './curve-chart.js';
import { lossCurves, trainingCurves } from './curves.js';
import { differenceChart } from './difference-chart.js';
import type { Figure } from './figure.js';
import { importanceChart } from './importance-chart.js';
import { loadChart } from './load-chart.js';
import { loggedParameters, parameterChart } from './parameter-chart.js';
import { paretoChart } from './pareto-chart.js';
import { reliabilityChart } from './reliability-chart.js';
import { routingCharts } from './routing-charts.js';
import { chartScope, referenceOf, type ChartScope } from './scope.js';

/** Every chart that the results can carry, in the order of the report; what has no data is left out. */
export function reportCharts(results: SweepResults, summary: SweepSummary): Figure[] {
  const curves = lossCurves(results.trials);
  const entropies = trainingCurves(results.trials, ['routing/entropy']);
  const parameters = loggedParameters(results.trials);
  return summary.contexts
    .map((context) => chartScope(summary, context))
    .flatMap((scope) => [
      armChart(scope),
      differenceChart(scope),
      ...numericAxes(scope).map((axis) => axisChart(scope, axis)),
      curves && lossChart(curves, scope),
      loadChart(scope),
      entropies && entropyChart(entropies, scope),
      ...parameters.map((name) => parameterChart(results.trials, name, scope)),
      ...examples(results, scope).flatMap(({ id, arm, record }) => routingCharts(id, arm, record)),
      importanceChart(scope),
      paretoChart(scope, 'trainableParameters'),
      paretoChart(scope, 'tokensPerSecond'),
      reliabilityChart(scope),
    ])
    .filter((chart): chart is Figure => chart !== undefined);
}

/**
 * The lowest seed of the best arm, of the reference, and, if neither has a routing graph, of the best arm that has:
 * experts cannot be averaged over seeds.
 */
function examples(results: SweepResults, scope: ChartScope): { id: string; arm: string; record: TrialRecord }[] {
  const { primary } = scope.summary;
  const reference = referenceOf(scope);
  const chosen = scope.arms.filter((arm) => arm.best || arm.arm === reference);
  const sign = primary.better === 'lower' ? -1 : 1;
  const score = (arm: ArmSummary) => sign * (arm.metrics[primary.id]?.mean ?? -sign * Infinity);
  const graphs = scope.arms.filter(({ routing }) => routing?.layers.some(({ edges }) => edges !== null));
  const graph = graphs.toSorted((a, b) => score(b) - score(a))[0];
  const arms = graph && !chosen.some((arm) => graphs.includes(arm)) ? [...chosen, graph] : chosen;
  return arms.flatMap((arm) => {
    const record = results.trials
      .filter(({ trial, routing }) => trial.group === arm.group && routing !== undefined)
      .sort((a, b) => a.trial.seed - b.trial.seed)[0];
    return record ? [{ id: arm.group.slice(0, 8), arm: arm.arm, record }] : [];
  });
}
