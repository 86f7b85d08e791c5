import { UserError } from '@gmoe/core';
import { isText, type EncodedExample } from '@gmoe/datasets';
import type { ModelConfig } from '@gmoe/model';

interface Rows {
  /** The field of the config that says how long they are. */
  readonly field: string;
  /** Tokens of a row. */
  readonly length: number;
  /** What goes into them. */
  readonly examples: () => Promise<readonly EncodedExample[]>;
}

/** Tokens that a model reads of an example: the last one is predicted only. */
function tokensOf(example: EncodedExample): number {
  if (isText(example)) return example.ids.length - 1;
  return example.optionIds.reduce((longest, option, i) => {
    const prompt = example.optionPromptIds?.[i] ?? example.promptIds;
    return Math.max(longest, prompt.length + option.length - 1);
  }, 0);
}

/**
 * Checks that no example is longer than the model has positions for, once it is cut to `length` tokens: what a model writes beyond
 * them is nobody's measurement. A rope of type `dynamic` stretches itself.
 * @throws UserError naming the first that is
 */
export async function checkPositions(
  { maxPositions, rope }: ModelConfig,
  { field, length, examples }: Rows,
): Promise<void> {
  if (length <= maxPositions || rope.scaling?.type === 'dynamic') return;
  const long = (await examples()).find((example) => tokensOf(example) > maxPositions);
  if (!long) return;
  throw new UserError(
    `${field}: must be at most ${maxPositions}, the base's max_position_embeddings: example '${long.id}' has ${tokensOf(long)} tokens (got ${length})`,
  );
}
