/** One question with its possible answers. */
export interface Example {
  /** The same in every trial of a task: paired tests join on it. */
  readonly id: string;
  readonly prompt: string;
  /** Each answer's text as it would follow the prompt, its leading space included. */
  readonly options: readonly string[];
  /** Index of the right option. */
  readonly answer: number;
  /** What the example is about, where the task knows: specialisation of experts is measured against it. */
  readonly domain?: string;
}

export const SPLITS = ['train', 'dev', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Turns text into token ids; what of a tokenizer the datasets need. */
export interface Encoder {
  /** What the tokenizer puts before every text, e.g. BOS. */
  readonly startIds: readonly number[];
  /** Special tokens as they are written out in a text. */
  readonly specialTokens: readonly string[];
  encode(text: string, options?: { readonly specialAsText?: boolean }): ArrayLike<number>;
}

/** An example as tokens. */
export interface EncodedExample {
  readonly id: string;
  readonly promptIds: readonly number[];
  /** How many of the first prompt tokens the tokenizer put there; they stay where a prompt is cut. */
  readonly start: number;
  readonly optionIds: readonly (readonly number[])[];
  /** Length of each option's text in Unicode characters, for length-normalised scores. */
  readonly optionCharacters: readonly number[];
  readonly gold: number;
  readonly domain?: string;
}

/** Where the last character of a prompt gives no answer. */
const ANCHOR = ':';

/**
 * Tokens of an example: what the encoder puts before a text, the prompt, and each option as it follows the prompt's last
 * character (a SentencePiece tokenizer would put a space of its own before an option alone). The rest of the prompt does not
 * matter, so that classes have the same tokens in every example.
 *
 * Special tokens that are written out in the data are text. Only a prompt template of the user's own (`template`) can hold
 * them as tokens.
 */
export function encodeExample(example: Example, encoder: Encoder, template = ''): EncodedExample {
  const specialAsText = !encoder.specialTokens.some((token) => template.includes(token));
  const encode = (text: string): number[] => Array.from(encoder.encode(text, { specialAsText }));
  const last = Array.from(example.prompt).at(-1) ?? ANCHOR;
  return {
    id: example.id,
    promptIds: [...encoder.startIds, ...encode(example.prompt)],
    start: encoder.startIds.length,
    optionIds: example.options.map(
      (option) => following(last, option, encode) ?? following(ANCHOR, option, encode) ?? encode(option),
    ),
    optionCharacters: example.options.map((option) => Array.from(option.trim()).length),
    gold: example.answer,
    ...(example.domain === undefined ? {} : { domain: example.domain }),
  };
}

/** The tokens that a text adds to what it follows; undefined if the two merge. */
function following(before: string, text: string, encode: (text: string) => number[]): number[] | undefined {
  const alone = encode(before);
  const both = encode(before + text);
  return alone.every((id, i) => both[i] === id) && both.length > alone.length ? both.slice(alone.length) : undefined;
}

/** A prompt of at most `room` tokens, at least one: it loses what follows its first `start` tokens. */
export function cutPrompt(promptIds: readonly number[], start: number, room: number): readonly number[] {
  if (promptIds.length <= room) return promptIds;
  if (room <= start) return promptIds.slice(-Math.max(1, room));
  return [...promptIds.slice(0, start), ...promptIds.slice(promptIds.length - (room - start))];
}
