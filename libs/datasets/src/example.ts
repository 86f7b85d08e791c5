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
  readonly bosId?: number;
  encode(text: string): ArrayLike<number>;
}

/** An example as tokens. */
export interface EncodedExample {
  readonly id: string;
  readonly promptIds: readonly number[];
  readonly optionIds: readonly (readonly number[])[];
  /** Length of each option's text, for length-normalised scores. */
  readonly optionCharacters: readonly number[];
  readonly gold: number;
  readonly domain?: string;
}

/**
 * Tokens of an example: BOS where the encoder has one, the prompt, and each option. A prompt and its answer are encoded
 * apart, so that the answer's tokens are the same whatever the prompt.
 */
export function encodeExample(example: Example, encoder: Encoder): EncodedExample {
  const bos = encoder.bosId === undefined ? [] : [encoder.bosId];
  return {
    id: example.id,
    promptIds: [...bos, ...Array.from(encoder.encode(example.prompt))],
    optionIds: example.options.map((option) => Array.from(encoder.encode(option))),
    optionCharacters: example.options.map((option) => option.trim().length),
    gold: example.answer,
    ...(example.domain === undefined ? {} : { domain: example.domain }),
  };
}
