import { loadShares, routingMetrics } from '@gmoe/routing-diagnostics';
import type { Engine } from '@gmoe/tensor';
import { createGenerationEvaluator } from './generation-evaluator.js';
import type { EvaluationItem, Prediction } from './item.js';
import { choiceMetrics } from './metrics/choice-metrics.js';
import type { EvaluationOptions } from './options.js';
import { scoringProgram, type EvaluatedModel, type EvaluatedTensors } from './program.js';
import { RoutingCollector, type EvaluatedRouting } from './routing-collector.js';
import { planScoring, type ItemScores } from './score-items.js';

export interface EvaluationResult {
  /**
   * `eval/accuracy` (+ `_low`, `_high`: 95 % Wilson interval), `eval/accuracy_norm` (log-likelihood: by length-normalised scores),
   * `eval/loss` (mean negative log-probability of the right option, nats), `eval/macro_f1`, `eval/ece`, `eval/examples`,
   * `eval/truncated`, and `routing/*` of mixtures. Scoring 'generation' has `eval/exact_match` (the same as the accuracy), but
   * neither loss, calibration nor routing.
   */
  readonly metrics: Record<string, number>;
  /** In the order of the items. */
  readonly predictions: Prediction[];
  /** Share of a layer's assignments per expert, [L][E]; mixtures only. */
  readonly load?: number[][];
  /** What the mixture layers did with the items; mixtures only. */
  readonly routing?: EvaluatedRouting;
}

/** Scores the same items again and again, as training goes on. */
export interface Evaluator {
  evaluate(tensors: EvaluatedTensors): Promise<EvaluationResult>;
  dispose(): Promise<void>;
}

/** @throws UserError on items that cannot be scored as asked */
export function createEvaluator(
  engine: Engine,
  model: EvaluatedModel,
  items: readonly EvaluationItem[],
  options: EvaluationOptions,
): Evaluator {
  if (options.scoring === 'generation') return createGenerationEvaluator(engine, model, items, options);
  const plan = planScoring(items, options);
  const program = engine.jit(scoringProgram(model, plan.domains.length), {
    name: 'score-options',
    frozen: { weights: model.weights, adapter: model.adapterFrozen ?? {} },
  });

  return {
    async evaluate(tensors) {
      for (const { logProbs } of plan.scores) logProbs.fill(0);
      const collector = new RoutingCollector(plan);
      for (const { batch, queries } of plan.batches) {
        const { rows_N, candidates_NC, ...grid } = batch;
        const out = await program(tensors, grid, rows_N, candidates_NC);
        const width = candidates_NC.shape[1]!;
        queries.forEach(({ candidates, answer }, n) => {
          answer(Array.from(out.logProbs_NC.data.subarray(n * width, n * width + candidates.length)));
        });
        collector.add(out.routing, queries);
      }
      const routing = collector.result();
      const judged = judge(plan.scores, options, plan.truncated, routing ? routingMetrics(routing.statistics) : {});
      if (!routing) return judged;
      return { ...judged, load: loadShares(routing.statistics.layers.map(({ selected }) => selected)), routing };
    },
    dispose: () => program.dispose(),
  };
}

/** Predictions and metrics from the options' log-probabilities. */
function judge(
  scores: readonly ItemScores[],
  { scoring, normalize, calibrationBins }: EvaluationOptions,
  truncated: number,
  routing: Record<string, number>,
): Pick<EvaluationResult, 'metrics' | 'predictions'> {
  const predict = (by: 'none' | 'characters') =>
    scores.map(({ item, logProbs }): Prediction => {
      const values = Array.from(logProbs, (value, i) =>
        by === 'none' ? value : value / Math.max(1, item.optionCharacters[i]!),
      );
      const predicted = values.indexOf(Math.max(...values));
      const { id, gold, domain } = item;
      const answer = { id, gold, predicted, correct: predicted === gold, scores: values };
      return domain === undefined ? answer : { ...answer, domain };
    });
  const byLikelihood = scoring === 'log-likelihood';
  const predictions = predict(byLikelihood ? normalize : 'none');
  const normalized = byLikelihood
    ? predict('characters').filter(({ correct }) => correct).length / scores.length
    : undefined;
  const loss = scores.reduce((sum, { item, logProbs }) => sum - logProbs[item.gold]!, 0) / Math.max(1, scores.length);
  return {
    predictions,
    metrics: {
      ...choiceMetrics(
        predictions,
        predictions.map((prediction) => prediction.scores),
        calibrationBins,
      ),
      ...(normalized === undefined ? {} : { 'eval/accuracy_norm': normalized }),
      'eval/loss': loss,
      'eval/truncated': truncated,
      ...routing,
    },
  };
}
