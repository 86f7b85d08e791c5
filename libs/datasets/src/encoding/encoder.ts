import type { ChatMessage } from '../example.js';

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

/** Writes conversations out as text; what of a model's chat template the datasets need. */
export interface ChatWriter {
  render(messages: readonly ChatMessage[], options?: { readonly addGenerationPrompt?: boolean }): string;
  /** The whole text, and what of it the assistant wrote, in UTF-16 units. */
  conversation(messages: readonly ChatMessage[]): {
    readonly text: string;
    readonly assistant: readonly { readonly begin: number; readonly end: number }[];
  };
}

/** How a task's examples become tokens, beside the tokenizer. */
export interface EncodingOptions {
  /** The user's own prompt template, whose special tokens are tokens. */
  readonly template?: string | undefined;
  /** The model's chat template, where the task asks through it. */
  readonly chat?: ChatWriter | undefined;
  /** What the system turn says, where prompts become conversations. */
  readonly system?: string | undefined;
}
