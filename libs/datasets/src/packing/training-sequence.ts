import { UserError } from '@gmoe/core';
import { cutPrompt, isText, type EncodedChoice, type EncodedExample } from '../encoding/encoded-example.js';
import { fitText } from './fit-text.js';

/** Which tokens the language-model loss counts. */
export const TRAINING_TARGETS = ['answer', 'prompt_and_answer'] as const;
export type TrainingTargets = (typeof TRAINING_TARGETS)[number];

/** An example as training sees it. */
export interface TrainingSequence {
  /** Prompt and right answer, or the text, without the last token, which is predicted only. */
  readonly ids: readonly number[];
  /** Positions in `ids` whose next token counts, with that token. */
  readonly targets: readonly { readonly position: number; readonly id: number }[];
  /** What the example is about. */
  readonly domain?: string | undefined;
  /** Whether the prompt lost its beginning, or a text its end. */
  readonly truncated: boolean;
}

/**
 * An example as one sequence of at most `length` tokens. A longer prompt loses its beginning (BOS stays), never the answer; a
 * text see `fitText`.
 *
 * @param endOfText token that ends a text, as the last target behind the answer; absent = none
 * @throws UserError if the answer to a question does not fit alone
 */
export function trainingSequence(
  example: EncodedExample,
  length: number,
  targets: TrainingTargets,
  endOfText?: number,
): TrainingSequence {
  if (isText(example)) {
    const { ids, supervised, truncated } = fitText(example, length, endOfText);
    const spans = targets === 'answer' ? supervised : [{ begin: 1, end: ids.length }];
    return {
      ids: ids.slice(0, -1),
      targets: spans.flatMap((span) => targetsOf(ids, span.begin, span.end)),
      domain: example.domain,
      truncated,
    };
  }
  const answer = answerOf(example, endOfText);
  // The last answer token is a target but no input.
  const room = length - (answer.length - 1);
  if (room < 1) {
    throw new UserError(
      `training.sequenceLength: ${length} is too short for the answer of example '${example.id}' (${answer.length} tokens)`,
    );
  }
  const asked = example.optionPromptIds?.[example.gold] ?? example.promptIds;
  const prompt = cutPrompt(asked, example.start, room);
  const all = [...prompt, ...answer];
  return {
    ids: all.slice(0, -1),
    targets: targetsOf(all, targets === 'answer' ? prompt.length : 1, all.length),
    domain: example.domain,
    truncated: asked.length > room,
  };
}

function answerOf({ id, optionIds, gold }: EncodedChoice, endOfText: number | undefined): readonly number[] {
  const answer = optionIds[gold]!;
  if (answer.length === 0) throw new UserError(`task: the right answer of example '${id}' has no token`);
  return endOfText === undefined || answer.at(-1) === endOfText ? answer : [...answer, endOfText];
}

function targetsOf(ids: readonly number[], begin: number, end: number) {
  return Array.from({ length: end - begin }, (_, i) => ({ position: begin + i - 1, id: ids[begin + i]! }));
}
