import { adaptedWeights, fixedAdapter } from '@gmoe/adapters-core';
import { defineComponent, UserError, largest, smallest } from '@gmoe/core';
import { cutPrompt, fitText, type EncodedText } from '@gmoe/datasets';
import { createGenerator, type GenerationModel, type Generator } from '@gmoe/model';
import { z } from 'zod';
import { isTextItem, type ChoiceItem, type Prediction } from '../item.js';
import { accuracyMetrics } from '../metrics/choice-metrics.js';
import { wilsonInterval } from '../metrics/accuracy.js';
import { normalizeAnswer } from '../metrics/exact-match.js';
import type { EvaluationSettings } from '../options.js';
import type { AnswerDecoder, EvaluatedModel, EvaluatedTensors } from '../program.js';
import { checkChoices, checkOnePrompt, question, type ChoicePrediction } from './choices.js';
import { scoringKind, type Scoring } from './scoring.js';

const ID = 'generation';

const CHOICE_METRICS = ['eval/accuracy', 'eval/accuracy_low', 'eval/accuracy_high', 'eval/macro_f1'];
const EXACT_MATCH = ['eval/exact_match', 'eval/examples', 'eval/truncated'];
const INTERVAL = ['eval/exact_match_low', 'eval/exact_match_high'];

/**
 * Lets the model write an answer to each item, token by token, always the likeliest, and compares it with what is right. One
 * item at a time; the tensors are compiled in, so that each evaluation compiles its own programs. There is neither loss nor
 * calibration nor routing.
 *
 * Of a question an option is written if the answer's first tokens, as many as the option has, up to the end of the line, are
 * its text after `normalizeAnswer`, so that a model that was not taught to stop can answer; where several are, the longest
 * counts. Of a text the whole answer must be the reference's text after `normalizeAnswer`.
 */
export const generationScoring = defineComponent(scoringKind, {
  id: ID,
  description: "the answer that the model writes out, greedily: exact match after SQuAD's normalisation",
  options: z.strictObject({
    maxTokens: z
      .int()
      .min(1)
      .optional()
      .describe(
        "tokens that the model may write; default: those of a question's longest option, or of a text's own answer and one more",
      ),
    until: z
      .array(z.string().min(1))
      .optional()
      .describe('texts before which the answer to a text ends, e.g. "\\n"; default: none, only the end of the text'),
  }),
  create: ({ maxTokens, until = [] }): Scoring => ({
    id: ID,
    scores: ['choices', 'text'],
    metrics: (kind) => (kind === 'choices' ? [...CHOICE_METRICS, ...EXACT_MATCH] : [...EXACT_MATCH, ...INTERVAL]),
    check(item, settings) {
      if (isTextItem(item)) {
        lastPart(item, settings);
      } else {
        checkChoices(item, settings);
        checkOnePrompt(item, ID);
      }
    },
    evaluator(engine, model, items, settings) {
      const { tokenizer } = model;
      if (!tokenizer) throw new UserError("evaluation.scoring: 'generation' needs the model's tokenizer");
      const room = Math.min(settings.sequenceLength, model.config.maxPositions);
      return {
        async evaluate(tensors) {
          const generator = createGenerator(engine, generationModel(model, tensors));
          const writer: Writer = { generator, tokenizer, room, maxTokens, until };
          const predictions: Prediction[] = [];
          let truncated = 0;
          try {
            for (const item of items) {
              const { prediction, cut } = isTextItem(item)
                ? await answerText(item, writer, settings)
                : await answerQuestion(question(item, ID), writer);
              truncated += Number(cut);
              predictions.push(prediction);
            }
          } finally {
            await generator.dispose();
          }
          return { predictions, metrics: { ...metricsOf(predictions), 'eval/truncated': truncated } };
        },
        dispose: () => Promise.resolve(),
      };
    },
  }),
});

interface Writer {
  readonly generator: Generator;
  readonly tokenizer: AnswerDecoder;
  /** Most tokens of prompt and answer. */
  readonly room: number;
  readonly maxTokens: number | undefined;
  readonly until: readonly string[];
}

interface Answered {
  readonly prediction: Prediction;
  /** Whether the prompt lost its beginning. */
  readonly cut: boolean;
}

function generationModel(
  { config, weights, adapter, adapterFrozen = {} }: EvaluatedModel,
  { trainable, buffers }: EvaluatedTensors,
): GenerationModel {
  if (!adapter) return { config, weights: { ...weights, ...trainable } };
  return {
    config: adapter.config,
    weights: adaptedWeights(adapter, weights, trainable),
    adapter: fixedAdapter(adapter, { trainable, frozen: adapterFrozen, state: buffers }),
  };
}

function stopIdsOf({ eosId, stopIds }: AnswerDecoder): number[] {
  return [...(stopIds ?? (eosId === undefined ? [] : [eosId]))];
}

async function answerQuestion(item: ChoiceItem, { generator, tokenizer, room, maxTokens }: Writer): Promise<Answered> {
  const { id, gold, optionIds, domain } = item;
  const most = maxTokens ?? largest(optionIds.map((ids) => ids.length));
  const promptIds = cutPrompt(item.promptIds, item.start ?? 0, Math.max(1, room - most));
  const stopIds = stopIdsOf(tokenizer);
  const written = await generator.generate(promptIds, { maxTokens: most, stopIds });
  const read = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecial: true });
  const firstLine = (ids: readonly number[]) => read(ids).trimStart().split('\n')[0]!;
  const isWritten = optionIds.map(
    (ids) => normalizeAnswer(firstLine(written.slice(0, ids.length))) === normalizeAnswer(read(ids)),
  );
  const longest = largest(
    optionIds.map((ids, i) => (isWritten[i] ? ids.length : 0)),
    0,
  );
  const best = optionIds.map((ids, i) => isWritten[i] === true && ids.length === longest);
  // Options of the same normalised text are the same answer.
  const predicted = best[gold] ? gold : best.includes(true) ? best.indexOf(true) : optionIds.length;
  const prediction = {
    id,
    gold,
    predicted,
    correct: predicted === gold,
    scores: isWritten.map(Number),
    ...(domain === undefined ? {} : { domain }),
    text: read(written),
  };
  return { prediction, cut: promptIds.length < item.promptIds.length };
}

/** The learned part that is asked for, the last, and what stands before it. @throws UserError if nothing does */
function lastPart(item: EncodedText, { sequenceLength }: EvaluationSettings) {
  const { ids, supervised } = fitText(item, sequenceLength);
  const { begin, end } = supervised.at(-1)!;
  // A plain text has nothing but its first token before it, which asks nothing.
  if (begin <= Math.max(1, item.start)) {
    throw new UserError(
      `evaluation.scoring: 'generation' needs a prompt, and example ${item.id} is learned from its beginning; use perplexity`,
    );
  }
  return { prompt: item.ids.slice(0, item.supervised.at(-1)!.begin), answer: ids.slice(begin, end) };
}

async function answerText(item: EncodedText, writer: Writer, settings: EvaluationSettings): Promise<Answered> {
  const { generator, tokenizer, room, maxTokens, until } = writer;
  const { prompt, answer } = lastPart(item, settings);
  const read = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecial: true });
  // A turn of a conversation ends with a special token of its own.
  const closing = answer.at(-1)!;
  const ends = read([closing]) === '' ? [closing] : [];
  const stopIds = [...ends, ...stopIdsOf(tokenizer)];
  const most = maxTokens ?? answer.length + 1;
  const promptIds = cutPrompt(prompt, item.start, Math.max(1, room - most));
  const written = read(await generator.generate(promptIds, { maxTokens: most, stopIds }));
  const first = until.map((each) => written.indexOf(each)).filter((at) => at >= 0);
  const text = first.length > 0 ? written.slice(0, smallest(first)) : written;
  const correct = normalizeAnswer(text) === normalizeAnswer(item.reference);
  const { id, domain } = item;
  const prediction = { id, correct, scores: [Number(correct)], ...(domain === undefined ? {} : { domain }), text };
  return { prediction, cut: promptIds.length < prompt.length };
}

function metricsOf(predictions: readonly Prediction[]): Record<string, number> {
  const right = predictions.filter(({ correct }) => correct).length;
  const exact = { 'eval/exact_match': predictions.length === 0 ? 0 : right / predictions.length };
  const questions = predictions.filter((each): each is ChoicePrediction => each.predicted !== undefined);
  if (questions.length > 0) return { ...accuracyMetrics(questions), ...exact };
  const { low, high } = wilsonInterval(right, predictions.length);
  return {
    ...exact,
    'eval/exact_match_low': low,
    'eval/exact_match_high': high,
    'eval/examples': predictions.length,
  };
}
