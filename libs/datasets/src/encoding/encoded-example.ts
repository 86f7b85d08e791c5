/** An example as tokens. */
export type EncodedExample = EncodedChoice | EncodedText;

interface Identified {
  readonly id: string;
  readonly domain?: string;
}

/** A question with its options as tokens. */
export interface EncodedChoice extends Identified {
  readonly promptIds: readonly number[];
  /** How many of the first prompt tokens stay where a prompt is cut. */
  readonly start: number;
  readonly optionIds: readonly (readonly number[])[];
  /** Length of each option's text in Unicode code points, for length-normalised scores. */
  readonly optionCharacters: readonly number[];
  readonly gold: number;
  /** The prompt of each option, where they have prompts of their own. */
  readonly optionPromptIds?: readonly (readonly number[])[];
}

/** A text as tokens. */
export interface EncodedText extends Identified {
  readonly ids: readonly number[];
  /** How many of the first tokens stay where the beginning is cut. */
  readonly start: number;
  /** Runs of tokens that are learned and scored, in order; each begins at 1 or later. */
  readonly supervised: readonly TokenSpan[];
  /** The text of the last run without special tokens: what a model that is asked should write. */
  readonly reference: string;
}

/** Tokens from `begin` up to, not including, `end`. */
export interface TokenSpan {
  readonly begin: number;
  readonly end: number;
}

export const isText = (example: EncodedExample): example is EncodedText => 'supervised' in example;

/** A prompt of at most `room` tokens, at least one: it loses what follows its first `start` tokens. */
export function cutPrompt(promptIds: readonly number[], start: number, room: number): readonly number[] {
  if (promptIds.length <= room) return promptIds;
  if (room <= start) return promptIds.slice(-Math.max(1, room));
  return [...promptIds.slice(0, start), ...promptIds.slice(promptIds.length - (room - start))];
}
