import type { Encoding } from '../files/text-file.js';

/** Why a row is not among the examples. */
export type DropReason = 'empty question' | 'empty choice' | 'empty answer' | 'also in dev or test';

/** What became of the rows of a split's files. */
export interface SplitOrigin {
  /** Names of the files. */
  readonly files: readonly string[];
  /** How they were read; parquet has none. */
  readonly encodings: readonly Encoding[];
  /** Rows of the files that belong to the split. */
  readonly rows: number;
  /** Rows that were left out, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Examples that the split holds more than once; they are kept. */
  readonly repeated: number;
  /** Examples left out because the task's limit for the split was reached. */
  readonly beyondLimit: number;
}
