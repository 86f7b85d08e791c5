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
  encodeAll(
    texts: readonly string[],
    options?: { readonly specialAsText?: boolean },
  ): Promise<readonly ArrayLike<number>[]>;
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
 * Tokens of examples: what the encoder puts before a text, the prompt, and each option as it follows the prompt's last
 * character (a SentencePiece tokenizer would put a space of its own before an option alone). The rest of the prompt does not
 * matter, so that classes have the same tokens in every example.
 *
 * Special tokens that are written out in the data are text. Only a prompt template of the user's own (`template`) can hold
 * them as tokens.
 */
export async function encodeExamples(
  examples: readonly Example[],
  encoder: Encoder,
  template = '',
): Promise<EncodedExample[]> {
  const specialAsText = !encoder.specialTokens.some((token) => template.includes(token));
  const lookUp = async (texts: readonly string[]): Promise<Lookup> => {
    const distinct = [...new Set(texts)];
    const encoded = await encoder.encodeAll(distinct, { specialAsText });
    const ids = new Map(distinct.map((text, i) => [text, Array.from(encoded[i]!)]));
    return (text) => ids.get(text)!;
  };
  const behind = examples.flatMap(({ prompt, options }) =>
    options.map((option) => ({ last: lastCharacter(prompt), option })),
  );
  const near = await lookUp([
    ...examples.map(({ prompt }) => prompt),
    ...behind.flatMap(({ last, option }) => [last, last + option]),
  ]);
  const merging = behind.filter(({ last, option }) => !following(last, option, near)).map(({ option }) => option);
  const far = await lookUp([ANCHOR, ...merging.flatMap((option) => [ANCHOR + option, option])]);
  const optionIds = (last: string, option: string): readonly number[] =>
    following(last, option, near) ?? following(ANCHOR, option, far) ?? far(option);

  return examples.map(({ id, prompt, options, answer, domain }) => ({
    id,
    promptIds: [...encoder.startIds, ...near(prompt)],
    start: encoder.startIds.length,
    optionIds: options.map((option) => optionIds(lastCharacter(prompt), option)),
    optionCharacters: options.map((option) => Array.from(option.trim()).length),
    gold: answer,
    ...(domain === undefined ? {} : { domain }),
  }));
}

/** Token ids of texts that were encoded before. */
type Lookup = (text: string) => readonly number[];

function lastCharacter(prompt: string): string {
  return Array.from(prompt).at(-1) ?? ANCHOR;
}

/** The tokens that a text adds to what it follows; undefined if the two merge. */
function following(before: string, text: string, encode: Lookup): readonly number[] | undefined {
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
