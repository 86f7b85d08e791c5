import type { EncodedChoice, EncodedText } from '@gmoe/datasets';

/** A question to score, as tokens. */
export type ChoiceItem = Omit<EncodedChoice, 'start'> & Partial<Pick<EncodedChoice, 'start'>>;

/** One example to score, as tokens: a question with its options, or a text. */
export type EvaluationItem = ChoiceItem | EncodedText;

export const isTextItem = (item: EvaluationItem): item is EncodedText => 'supervised' in item;

/** The answer to one example; a line of `predictions.jsonl`. */
export interface Prediction {
  readonly id: string;
  /** Index of the right option; texts have none. */
  readonly gold?: number;
  /** Index of the chosen option; scoring 'generation': the number of options where the model wrote none of them. */
  readonly predicted?: number;
  /** Whether the answer is right; of a text, whether the model would write it, or wrote it, word by word. */
  readonly correct: boolean;
  /**
   * What the choice was made by, per option: log-probabilities in nats, normalised if so asked; generation: 1 = written. Of a
   * text, the log-probability of what is scored of it.
   */
  readonly scores: number[];
  /** Tokens that are scored; texts only. */
  readonly tokens?: number;
  readonly domain?: string;
  /** What the model wrote; scoring 'generation' only. */
  readonly text?: string;
}
