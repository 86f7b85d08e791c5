/** One example to score: a prompt and its possible continuations, as tokens. */
export interface EvaluationItem {
  readonly id: string;
  readonly promptIds: readonly number[];
  /** How many of the first prompt tokens stay where it is cut (BOS); default 0. */
  readonly start?: number;
  /** Tokens of each option as it would follow the prompt. */
  readonly optionIds: readonly (readonly number[])[];
  /** Length of each option's text in Unicode characters, for length-normalised scores. */
  readonly optionCharacters: readonly number[];
  /** Index of the right option. */
  readonly gold: number;
  readonly domain?: string;
}

/** The answer to one example; a line of `predictions.jsonl`. */
export interface Prediction {
  readonly id: string;
  /** Index of the right option. */
  readonly gold: number;
  /** Index of the chosen option; scoring 'generation': the number of options where the model wrote none of them. */
  readonly predicted: number;
  readonly correct: boolean;
  /** What the choice was made by, per option: log-probabilities in nats, normalised if so asked; generation: 1 = written. */
  readonly scores: number[];
  readonly domain?: string;
  /** What the model wrote; scoring 'generation' only. */
  readonly text?: string;
}
