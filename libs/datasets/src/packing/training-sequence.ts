import { UserError } from '@gmoe/core';
import { cutPrompt, type EncodedExample } from '../example.js';

/** Which tokens the language-model loss counts. */
export const TRAINING_TARGETS = ['answer', 'prompt_and_answer'] as const;
export type TrainingTargets = (typeof TRAINING_TARGETS)[number];

/** An example as training sees it. */
export interface TrainingSequence {
  /** Prompt and right answer, without the last token, which is predicted only. */
  readonly ids: readonly number[];
  /** Positions in `ids` whose next token counts, with that token. */
  readonly targets: readonly { readonly position: number; readonly id: number }[];
  /** Whether the prompt lost its beginning. */
  readonly truncated: boolean;
}

/**
 * Prompt and right answer as one sequence of at most `length` tokens; a longer prompt loses its beginning (BOS stays), never
 * the answer.
 * @throws UserError if the answer alone does not fit
 */
export function trainingSequence(example: EncodedExample, length: number, targets: TrainingTargets): TrainingSequence {
  const answer = example.optionIds[example.gold]!;
  if (answer.length === 0) throw new UserError(`task: the right answer of example '${example.id}' has no token`);
  // The last answer token is a target but no input.
  const room = length - (answer.length - 1);
  if (room < 1) {
    throw new UserError(
      `training.sequenceLength: ${length} is too short for the answer of example '${example.id}' (${answer.length} tokens)`,
    );
  }
  const truncated = example.promptIds.length > room;
  const prompt = cutPrompt(example.promptIds, example.start, room);
  const all = [...prompt, ...answer];
  const first = targets === 'answer' ? prompt.length - 1 : 0;
  return {
    ids: all.slice(0, -1),
    targets: Array.from({ length: all.length - 1 - first }, (_, i) => ({
      position: first + i,
      id: all[first + i + 1]!,
    })),
    truncated,
  };
}
