import { UserError } from '@gmoe/core';
import type { Tokenizer } from './tokenizer.js';

/**
 * A tokenizer for a model of `rows` embeddings. Where it has more tokens (a `[PAD]` that was added later), as in
 * transformers, only a text that holds such a token is refused.
 * @param where prefix of messages
 * @throws UserError if a token that stands before every text has no row
 */
export function withRows(tokenizer: Tokenizer, rows: number, where: string): Tokenizer {
  if (tokenizer.vocabSize <= rows) return tokenizer;
  const check = (ids: ArrayLike<number>, what: string): void => {
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id < rows) continue;
      throw new UserError(
        `${where}: ${what} has the token '${tokenizer.tokenText(id)}' (id ${id}), but the model's embeddings have ${rows} rows`,
      );
    }
  };
  check(tokenizer.startIds, 'every text');
  return {
    ...tokenizer,
    async encode(text, options) {
      const ids = await tokenizer.encode(text, options);
      check(ids, 'a text');
      return ids;
    },
    async encodeAll(texts, options) {
      const all = await tokenizer.encodeAll(texts, options);
      for (const ids of all) check(ids, 'a text');
      return all;
    },
  };
}
