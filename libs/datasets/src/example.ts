/** What a task gives: a question with options, a text, or a conversation. */
export type Example = ChoiceExample | TextExample | ChatExample;

interface Identified {
  /** The same in every trial of a task: paired tests join on it. */
  readonly id: string;
  /** What the example is about, where the task knows: specialisation of experts is measured against it. */
  readonly domain?: string;
}

/** One question with its possible answers. */
export interface ChoiceExample extends Identified {
  readonly prompt: string;
  /** Each answer's text as it would follow the prompt, its leading space included. */
  readonly options: readonly string[];
  /** Index of the right option. */
  readonly answer: number;
  /** Where the options are asked behind prompts of their own (which filler makes the ending likelier?), those. */
  readonly prompts?: readonly string[];
  /** Lengths of the options that length-normalised scores go by, where they are not those of the texts; code points. */
  readonly characters?: readonly number[];
}

/** A text of which parts are learned and the rest is given. */
export interface TextExample extends Identified {
  /** The text in order; what the tokenizer puts before a text comes first. */
  readonly parts: readonly TextPart[];
}

export interface TextPart {
  readonly text: string;
  /** Whether it is learned, and scored. */
  readonly supervised: boolean;
}

/** A conversation, which the model's chat template writes out; the assistant's turns are learned. */
export interface ChatExample extends Identified {
  readonly messages: readonly ChatMessage[];
}

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export const SPLITS = ['train', 'dev', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export const isChoice = (example: Example): example is ChoiceExample => 'options' in example;
export const isChat = (example: Example): example is ChatExample => 'messages' in example;
