import assert from 'node:assert/strict';
import { componentChecks, DEFAULTS, UserError, type Contract, type ContractCheck } from '@gmoe/core';
import { createEngine } from '@gmoe/tensor';
import { createEvaluator, type EvaluationResult } from '../evaluator.js';
import type { EvaluationItem } from '../item.js';
import { scoringKind, type ItemKind, type Scoring } from '../scoring/scoring.js';
import { config, items, texts, tokenizer, weights } from './tiny-model.js';

const ITEMS: Readonly<Record<ItemKind, readonly EvaluationItem[]>> = { choices: items, text: texts };
const KINDS = ['choices', 'text'] as const;

/** What every scoring promises, on a tiny model with drawn weights. */
export const scoringContract: Contract<Scoring> = {
  kind: scoringKind,
  checks: (component, cases = DEFAULTS) => [
    ...componentChecks(component),
    ...cases.flatMap(({ name, options }) =>
      scoringChecks(component.create(options)).map((check) => ({ ...check, name: `${name}: ${check.name}` })),
    ),
  ],
};

function scoringChecks(scoring: Scoring): ContractCheck[] {
  return [
    {
      name: 'gives the metrics that it names, all finite, and a prediction for each item in their order',
      async run() {
        for (const kind of scoring.scores) {
          const { metrics, predictions } = await score(scoring, ITEMS[kind], 4);
          assert.deepEqual(Object.keys(metrics).sort(), [...scoring.metrics(kind)].sort(), kind);
          for (const [name, value] of Object.entries(metrics)) assert.ok(Number.isFinite(value), `${name} = ${value}`);
          assert.deepEqual(
            predictions.map(({ id }) => id),
            ITEMS[kind].map(({ id }) => id),
          );
          for (const { id, scores } of predictions) assert.ok(scores.length > 0 && scores.every(Number.isFinite), id);
        }
      },
    },
    {
      name: 'does not depend on the batch size, nor on what was scored before',
      async run() {
        for (const kind of scoring.scores) {
          const one = await score(scoring, ITEMS[kind], 1);
          for (const batchSize of [2, 7]) {
            const other = await score(scoring, ITEMS[kind], batchSize);
            other.predictions.forEach(({ id, correct, scores }, i) => {
              assert.equal(correct, one.predictions[i]!.correct, id);
              scores.forEach((value, o) => assert.ok(Math.abs(value - one.predictions[i]!.scores[o]!) < 1e-4, id));
            });
          }
        }
      },
    },
    {
      name: 'refuses what it does not score, before anything is computed',
      run() {
        for (const kind of KINDS) {
          if (scoring.scores.includes(kind)) continue;
          assert.throws(
            () => scoring.check(ITEMS[kind][0]!, { batchSize: 1, sequenceLength: 24, limit: null }),
            UserError,
          );
        }
      },
    },
  ];
}

/** Scores twice with one evaluator, and gives the second result. */
async function score(scoring: Scoring, list: readonly EvaluationItem[], batchSize: number): Promise<EvaluationResult> {
  const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
  try {
    const model = { config, weights, tokenizer };
    const settings = { batchSize, sequenceLength: 24, limit: null };
    const evaluator = createEvaluator(engine, model, list, scoring, settings);
    const none = { trainable: {}, buffers: {} };
    await evaluator.evaluate(none);
    const result = await evaluator.evaluate(none);
    await evaluator.dispose();
    return result;
  } finally {
    await engine.dispose();
  }
}
