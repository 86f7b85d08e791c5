import { UserError } from '@gmoe/core';
import { cutPrompt, keyedSample } from '@gmoe/datasets';
import type { EvaluationItem } from './item.js';
import type { EvaluationOptions } from './options.js';
import { lengthOf, packSegments, type PackedScoring, type Segment } from './pack-segments.js';

/** The answers of the model about one item, filled while batches run. */
export interface ItemScores {
  readonly item: EvaluationItem;
  /** Log-probability of each option's tokens, nats: its first token (label-token) or all (log-likelihood). */
  readonly logProbs: Float64Array;
}

export interface ScoringPlan {
  readonly scores: readonly ItemScores[];
  readonly batches: readonly PackedScoring[];
  /** Names of the domains, sorted. */
  readonly domains: readonly string[];
  /** Items whose prompt lost its beginning. */
  readonly truncated: number;
  /** Tokens of all segments, padding excluded. */
  readonly tokens: number;
}

/**
 * Lays items out as segments. label-token: one segment an item (the prompt), one query with the options' first tokens.
 * log-likelihood: one segment an item, the options as continuations of its prompt, one query for each of their tokens.
 */
export function planScoring(items: readonly EvaluationItem[], options: EvaluationOptions): ScoringPlan {
  const chosen = keyedSample(items, options.limit);
  const domains = [...new Set(chosen.flatMap(({ domain }) => (domain === undefined ? [] : [domain])))].sort();
  const byLabel = options.scoring === 'label-token';
  let truncated = 0;
  const segments: Segment[] = [];
  const scores = chosen.map((item, index) => {
    checkItem(item, options);
    const logProbs = new Float64Array(item.optionIds.length);
    const domain = item.domain === undefined ? domains.length : domains.indexOf(item.domain);
    const room = (after: number) => {
      const prompt = cutPrompt(item.promptIds, item.start ?? 0, options.sequenceLength - after);
      return { prompt, cut: prompt.length < item.promptIds.length };
    };
    if (byLabel) {
      const { prompt, cut } = room(0);
      truncated += Number(cut);
      const query = {
        place: prompt.length - 1,
        candidates: item.optionIds.map((ids) => ids[0]!),
        answer: (values: readonly number[]) => values.forEach((value, i) => (logProbs[i] = value)),
        endOf: index,
      };
      segments.push({ ids: prompt, queries: [query], domain });
    } else {
      // All options see the same prompt, also where it is cut.
      const { prompt, cut } = room(Math.max(...item.optionIds.map((ids) => ids.length)) - 1);
      truncated += Number(cut);
      segments.push(...likelihoodSegments(index, prompt, item.optionIds, logProbs, domain, options.sequenceLength));
    }
    return { item, logProbs };
  });
  const shape = {
    batchSize: options.batchSize,
    sequenceLength: options.sequenceLength,
    queries: queriesPerBatch(segments, options),
    noDomain: domains.length,
    shared: !byLabel,
    candidates: Math.max(1, ...chosen.map(({ optionIds }) => optionIds.length)),
  };
  const tokens = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  return { scores, batches: packSegments(segments, shape), domains, truncated, tokens };
}

/**
 * One segment with the options as continuations of the prompt; where that is longer than a row, one segment an option. The
 * prompt's last token is asked for all first tokens at once.
 */
function likelihoodSegments(
  index: number,
  prompt: readonly number[],
  optionIds: EvaluationItem['optionIds'],
  logProbs: Float64Array,
  domain: number,
  rowLength: number,
): Segment[] {
  const last = prompt.length - 1;
  const add = (option: number) => (values: readonly number[]) => (logProbs[option]! += values[0]!);
  const shared: Segment = {
    ids: prompt,
    continuations: optionIds.map((ids) => ({ ids: ids.slice(0, -1) })),
    queries: [
      {
        place: last,
        candidates: optionIds.map((ids) => ids[0]!),
        answer: (values) => values.forEach((value, option) => (logProbs[option]! += value)),
        endOf: index,
      },
    ],
    domain,
  };
  if (lengthOf(shared) > rowLength) {
    return optionIds.map((ids, option) => ({
      ids: [...prompt, ...ids.slice(0, -1)],
      queries: ids.map((id, i) => ({
        place: last + i,
        candidates: [id],
        answer: add(option),
        ...(option === 0 && i === 0 ? { endOf: index } : {}),
      })),
      domain,
    }));
  }
  let place = last;
  const later = optionIds.flatMap((ids, option) =>
    ids.slice(1).map((id) => ({ place: ++place, candidates: [id], answer: add(option) })),
  );
  return [{ ...shared, queries: [...shared.queries, ...later] }];
}

/** Slots for queries: what full rows of average segments would ask, so that neither rows nor slots are wasted. */
function queriesPerBatch(segments: readonly Segment[], { batchSize, sequenceLength }: EvaluationOptions): number {
  const tokens = segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
  const queries = segments.reduce((sum, segment) => sum + segment.queries.length, 0);
  const largest = Math.max(1, ...segments.map((segment) => segment.queries.length));
  const expected = tokens === 0 ? 1 : Math.ceil((queries / tokens) * batchSize * sequenceLength);
  return Math.max(largest, Math.min(queries, expected));
}

/** @throws UserError on an item that cannot be scored */
export function checkItem(
  { id, promptIds, optionIds, gold }: EvaluationItem,
  { scoring, sequenceLength }: EvaluationOptions,
): void {
  if (promptIds.length === 0) throw new UserError(`example ${id}: the prompt has no tokens`);
  if (optionIds.length < 2 || optionIds.some((ids) => ids.length === 0)) {
    throw new UserError(`example ${id}: needs at least two options of at least one token`);
  }
  if (!(gold >= 0 && gold < optionIds.length))
    throw new UserError(`example ${id}: gold ${gold} is none of its options`);
  const longest = Math.max(...optionIds.map((ids) => ids.length));
  if (longest > sequenceLength) {
    throw new UserError(
      `example ${id}: an option has ${longest} tokens; evaluation.sequenceLength is ${sequenceLength}`,
    );
  }
  if (scoring === 'label-token' && new Set(optionIds.map((ids) => ids[0])).size < optionIds.length) {
    throw new UserError(
      `example ${id}: two options start with the same token, which evaluation.scoring 'label-token' cannot tell apart; use log-likelihood`,
    );
  }
}
