import { defineComponent, UserError } from '@gmoe/core';
import { fitText, type EncodedText } from '@gmoe/datasets';
import { z } from 'zod';
import { isTextItem, type EvaluationItem, type Prediction } from '../item.js';
import { wilsonInterval } from '../metrics/accuracy.js';
import { planScoring, type ItemSegments } from './plan.js';
import { plannedEvaluator } from './planned-evaluator.js';
import { scoringKind, type Scoring } from './scoring.js';

const ID = 'perplexity';

const METRICS = [
  'eval/loss',
  'eval/perplexity',
  'eval/tokens',
  'eval/exact_match',
  'eval/exact_match_low',
  'eval/exact_match_high',
  'eval/examples',
  'eval/truncated',
] as const;

/** What is gathered of a text. */
interface Gathered {
  nats: number;
  tokens: number;
  /** Tokens that greedy decoding would write, each behind the right ones before it. */
  likeliest: number;
}

/**
 * How likely the learned parts of texts are: `eval/loss` is the mean negative log-probability of their tokens (nats),
 * `eval/perplexity` its exponential, `eval/exact_match` the share of texts of which each such token is the likeliest, so that
 * greedy decoding would write them.
 */
export const perplexityScoring = defineComponent(scoringKind, {
  id: ID,
  description: 'loss and perplexity of what is learned of texts, and how many of them greedy decoding would write',
  options: z.strictObject({}),
  create: (): Scoring => ({
    id: ID,
    scores: ['text'],
    metrics: () => METRICS,
    check: (item, { sequenceLength }) => void fitText(text(item), sequenceLength),
    evaluator(engine, model, items, settings) {
      const asked = items.map(text);
      const gathered = asked.map((): Gathered => ({ nats: 0, tokens: 0, likeliest: 0 }));
      const segments = (item: EncodedText, index: number): ItemSegments => {
        const { ids, supervised, truncated } = fitText(item, settings.sequenceLength);
        const places = supervised.flatMap(({ begin, end }) =>
          Array.from({ length: end - begin }, (_, i) => ({ at: begin + i, first: i === 0 })),
        );
        const answeredAt = places.findLast(({ first }) => first)!.at;
        const queries = places.map(({ at }) => ({
          place: at - 1,
          candidates: [ids[at]!],
          answer: ([value]: readonly number[], likeliest: boolean) => {
            const sums = gathered[index]!;
            sums.nats -= value!;
            sums.tokens++;
            sums.likeliest += Number(likeliest);
          },
          ...(at === answeredAt ? { endOf: index } : {}),
        }));
        return { segments: [{ ids: ids.slice(0, -1), queries }], truncated };
      };
      const plan = planScoring(asked, segments, settings, false);
      const judge = () => ({
        predictions: asked.map((item, index) => predictionOf(item, gathered[index]!)),
        metrics: metricsOf(gathered, plan.truncated),
      });
      const reset = () => gathered.forEach((sums) => Object.assign(sums, { nats: 0, tokens: 0, likeliest: 0 }));
      return plannedEvaluator(engine, model, plan, judge, reset, { greedy: true });
    },
  }),
});

/** An item as the text that it is. @throws UserError if it is a question */
function text(item: EvaluationItem): EncodedText {
  if (isTextItem(item)) return item;
  throw new UserError(
    `evaluation.scoring: 'perplexity' scores texts, and example ${item.id} is a question with options; use label-token, log-likelihood or generation`,
  );
}

function predictionOf({ id, domain }: EncodedText, { nats, tokens, likeliest }: Gathered): Prediction {
  const scored = { id, correct: likeliest === tokens, scores: [-nats], tokens };
  return domain === undefined ? scored : { ...scored, domain };
}

function metricsOf(gathered: readonly Gathered[], truncated: number): Record<(typeof METRICS)[number], number> {
  const sum = (of: (sums: Gathered) => number) => gathered.reduce((total, sums) => total + of(sums), 0);
  const tokens = sum((each) => each.tokens);
  const loss = sum(({ nats }) => nats) / Math.max(1, tokens);
  const exact = sum((each) => Number(each.likeliest === each.tokens));
  const { low, high } = wilsonInterval(exact, gathered.length);
  return {
    'eval/loss': loss,
    'eval/perplexity': Math.exp(loss),
    'eval/tokens': tokens,
    'eval/exact_match': exact / Math.max(1, gathered.length),
    'eval/exact_match_low': low,
    'eval/exact_match_high': high,
    'eval/examples': gathered.length,
    'eval/truncated': truncated,
  };
}
