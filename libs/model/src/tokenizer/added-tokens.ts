import { AddedToken, type Tokenizer as Library } from 'tokenizers';
import type { z } from 'zod';
import { NAMED_TOKENS, ownTokens, type describedTokenSchema, type tokenizerConfigSchema } from './tokenizer-json.js';

type Config = z.output<typeof tokenizerConfigSchema>;
type DescribedToken = z.output<typeof describedTokenSchema>;

/**
 * The tokens that `tokenizer_config.json` adds to those of `tokenizer.json`, in the order in which transformers adds them:
 * `added_tokens_decoder` by id (which also changes the flags of a token that is there), then named, model-specific and further special
 * tokens that are not among the added ones. New tokens take the next free ids.
 * Source: transformers `TokenizersBackend.__init__`.
 *
 * @param present contents of the tokens that `tokenizer.json` adds
 */
export function configTokens(config: Config, present: Iterable<string>): DescribedToken[] {
  const byId = Object.entries(config.added_tokens_decoder ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  const tokens = byId.map(([, token]) => token);
  const seen = new Set([...present, ...tokens.map(({ content }) => content)]);
  const extra = config.extra_special_tokens;
  const further = [config.additional_special_tokens ?? [], Array.isArray(extra) ? extra : []].flat();
  for (const token of [...NAMED_TOKENS.map((name) => config[name]), ...ownTokens(config), ...further]) {
    if (!token || seen.has(token.content)) continue;
    seen.add(token.content);
    tokens.push({ ...token, special: true });
  }
  return tokens;
}

/** Adds tokens to a tokenizer, each with its flags. */
export function addTokens(library: Library, tokens: readonly DescribedToken[]): void {
  if (tokens.length === 0) return;
  library.addAddedTokens(
    tokens.map(
      ({ content, special, single_word, lstrip, rstrip, normalized }) =>
        new AddedToken(content, special, {
          singleWord: single_word,
          leftStrip: lstrip,
          rightStrip: rstrip,
          normalized: normalized ?? !special,
        }),
    ),
  );
}
