import { loadShares, routingMetrics } from '@gmoe/routing-diagnostics';
import type { Engine } from '@gmoe/tensor';
import type { EvaluationResult, Evaluator } from '../evaluator.js';
import { scoringProgram, type EvaluatedModel } from '../program.js';
import { RoutingCollector } from '../routing-collector.js';
import type { ScoringPlan } from './plan.js';

/**
 * Runs a plan's batches, whose queries receive their answers, and judges them.
 * @param judge predictions and metrics from what the queries received
 * @param greedy whether queries are told if their first candidate is the likeliest token
 */
export function plannedEvaluator(
  engine: Engine,
  model: EvaluatedModel,
  plan: ScoringPlan,
  judge: () => Pick<EvaluationResult, 'metrics' | 'predictions'>,
  reset: () => void,
  { greedy = false }: { readonly greedy?: boolean } = {},
): Evaluator {
  const program = engine.jit(scoringProgram(model, plan.domains.length, greedy), {
    name: greedy ? 'score-texts' : 'score-options',
    frozen: { weights: model.weights, adapter: model.adapterFrozen ?? {} },
  });
  return {
    async evaluate(tensors) {
      reset();
      const collector = new RoutingCollector(plan);
      for (const { batch, queries } of plan.batches) {
        const { rows_N, candidates_NC, ...grid } = batch;
        const out = await program(tensors, grid, rows_N, candidates_NC);
        const width = candidates_NC.shape[1]!;
        queries.forEach(({ candidates, answer }, n) => {
          const values = Array.from(out.logProbs_NC.data.subarray(n * width, n * width + candidates.length));
          answer(values, out.likeliest_N?.data[n] === 1);
        });
        collector.add(out.routing, queries);
      }
      const routing = collector.result();
      const { predictions, metrics } = judge();
      if (!routing) return { predictions, metrics };
      return {
        predictions,
        metrics: { ...metrics, ...routingMetrics(routing.statistics) },
        load: loadShares(routing.statistics.layers.map(({ selected }) => selected)),
        routing,
      };
    },
    dispose: () => program.dispose(),
  };
}
