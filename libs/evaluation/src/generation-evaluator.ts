import { fixedAdapter } from '@gmoe/adapters-moe-lora';
import { UserError } from '@gmoe/core';
import { cutPrompt, keyedSample } from '@gmoe/datasets';
import { createGenerator, type GenerationModel } from '@gmoe/model';
import type { Engine } from '@gmoe/tensor';
import type { EvaluationResult, Evaluator } from './evaluator.js';
import type { EvaluationItem, Prediction } from './item.js';
import { accuracyMetrics } from './metrics/choice-metrics.js';
import { normalizeAnswer } from './metrics/exact-match.js';
import type { EvaluationOptions } from './options.js';
import type { AnswerDecoder, EvaluatedModel, EvaluatedTensors } from './program.js';
import { checkItem } from './score-items.js';

/**
 * Lets the model write an answer to each item, token by token, always the likeliest, and compares it with the options. An
 * option is written if the answer's first tokens, as many as the option has, up to the end of the line, are its text after
 * `normalizeAnswer`: nothing in training teaches a model to stop behind an answer. Where several are, the longest counts.
 * One item at a time; the tensors are compiled in, so that each evaluation compiles its own programs.
 * @throws UserError if the model has no tokenizer, or on items that cannot be scored
 */
export function createGenerationEvaluator(
  engine: Engine,
  model: EvaluatedModel,
  items: readonly EvaluationItem[],
  options: EvaluationOptions,
): Evaluator {
  const { tokenizer } = model;
  if (!tokenizer) throw new UserError("evaluation.scoring: 'generation' needs the model's tokenizer");
  const chosen = keyedSample(items, options.limit);
  for (const item of chosen) checkItem(item, options);
  return {
    async evaluate(tensors) {
      const generator = createGenerator(engine, generationModel(model, tensors));
      const stopIds = tokenizer.eosId === undefined ? [] : [tokenizer.eosId];
      const predictions: Prediction[] = [];
      let truncated = 0;
      try {
        for (const item of chosen) {
          const maxTokens = Math.max(...item.optionIds.map((ids) => ids.length));
          const length = Math.min(options.sequenceLength, model.config.maxPositions);
          const promptIds = cutPrompt(item.promptIds, item.start ?? 0, length - maxTokens);
          truncated += Number(promptIds.length < item.promptIds.length);
          const written = await generator.generate(promptIds, { maxTokens, stopIds });
          predictions.push(judge(item, written, tokenizer));
        }
      } finally {
        await generator.dispose();
      }
      return { predictions, metrics: metricsOf(predictions, truncated) };
    },
    dispose: () => Promise.resolve(),
  };
}

function generationModel(
  { config, weights, adapter, adapterFrozen = {} }: EvaluatedModel,
  { trainable, carried }: EvaluatedTensors,
): GenerationModel {
  if (!adapter) return { config, weights: { ...weights, ...trainable } };
  return { config, weights, adapter: fixedAdapter(adapter, { trainable, frozen: adapterFrozen, state: carried }) };
}

function judge(
  { id, gold, optionIds, domain }: EvaluationItem,
  written: readonly number[],
  by: AnswerDecoder,
): Prediction {
  const read = (ids: readonly number[]) => by.decode(ids, { skipSpecial: true });
  const firstLine = (ids: readonly number[]) => read(ids).trimStart().split('\n')[0]!;
  const isWritten = optionIds.map(
    (ids) => normalizeAnswer(firstLine(written.slice(0, ids.length))) === normalizeAnswer(read(ids)),
  );
  const longest = Math.max(0, ...optionIds.map((ids, i) => (isWritten[i] ? ids.length : 0)));
  const best = optionIds.map((ids, i) => isWritten[i] === true && ids.length === longest);
  // Options of the same normalised text are the same answer.
  const predicted = best[gold] ? gold : best.includes(true) ? best.indexOf(true) : optionIds.length;
  return {
    id,
    gold,
    predicted,
    correct: predicted === gold,
    scores: isWritten.map(Number),
    ...(domain === undefined ? {} : { domain }),
    text: read(written),
  };
}

function metricsOf(predictions: readonly Prediction[], truncated: number): EvaluationResult['metrics'] {
  const metrics = accuracyMetrics(predictions);
  return { ...metrics, 'eval/exact_match': metrics['eval/accuracy']!, 'eval/truncated': truncated };
}
