import type { Tokenizer as Library } from 'tokenizers';
import type { z } from 'zod';
import { addTokens } from './added-tokens.js';
import { openLibrary } from './open-library.js';
import type { describedTokenSchema } from './tokenizer-json.js';

type DescribedToken = z.output<typeof describedTokenSchema>;

/** A library that never finds a special token in a text. */
export interface TextLibrary {
  readonly library: Library;
  /** The tokenizer's id of a token by the library's. */
  idOf(id: number): number;
}

/** A noncharacter of Unicode, which no text holds. */
const NEVER = '\u{10ffff}';

/**
 * @param library of the same tokenizer, which finds special tokens
 * @param json complete `tokenizer.json` @param further tokens that its configuration adds
 */
export function openTextLibrary(
  library: Library,
  json: Record<string, unknown> & { readonly added_tokens: readonly DescribedToken[] },
  further: readonly DescribedToken[],
  where: string,
): TextLibrary {
  const hide = <Token extends DescribedToken>(token: Token): Token =>
    token.special ? { ...token, content: NEVER + token.content, normalized: false } : token;
  const hidden = openLibrary({ ...json, added_tokens: json.added_tokens.map(hide), post_processor: null }, where);
  addTokens(hidden, further.map(hide));
  // The library counts added tokens anew, and special ones that the model knew take numbers of their own here.
  const moved = new Map<number, number>();
  for (const { content, special } of [...json.added_tokens, ...further]) {
    const [here, there] = [hidden.tokenToId(content), library.tokenToId(content)];
    if (!special && here !== null && there !== null && here !== there) moved.set(here, there);
  }
  return { library: hidden, idOf: (id) => moved.get(id) ?? id };
}
