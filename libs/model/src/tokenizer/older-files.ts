import { join } from 'node:path';
import { parseOptions } from '@gmoe/core';
import { z } from 'zod';
import { readJsonFile } from '../checkpoint/json-file.js';
import { NAMED_TOKENS, type TokenizerConfig } from './tokenizer-json.js';

const namedSchema = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const mapSchema = z.looseObject(Object.fromEntries(NAMED_TOKENS.map((name) => [name, namedSchema])));
const addedSchema = z.record(z.string(), z.int().min(0));
const jsonSchema = z.looseObject({ added_tokens: z.array(z.looseObject({ id: z.int() })).default([]) });

/**
 * The configuration with the tokens of `special_tokens_map.json` and `added_tokens.json`, as older transformers wrote them: they count where
 * `tokenizer_config.json` has no `added_tokens_decoder`, and the map's named tokens then go before the configuration's.
 * Source: transformers 5.24, `PreTrainedTokenizerBase._from_pretrained`.
 * @param json the `tokenizer.json`, whose added tokens keep their ids
 * @throws UserError if a file is malformed
 */
export async function withOlderFiles(config: TokenizerConfig, dir: string, json: unknown): Promise<TokenizerConfig> {
  if (config.added_tokens_decoder) return config;
  const map = (await readJsonFile(join(dir, 'special_tokens_map.json'), mapSchema)) ?? {};
  const merged = { ...config };
  for (const [name, token] of Object.entries(map)) {
    if (token == null) continue;
    merged[name] = typeof token === 'object' && !Array.isArray(token) ? { ...token, special: true } : token;
  }
  const added = await readJsonFile(join(dir, 'added_tokens.json'), addedSchema);
  if (!added) return merged;
  const taken = new Set(parseOptions(jsonSchema, json, join(dir, 'tokenizer.json')).added_tokens.map(({ id }) => id));
  const contentOf = (token: unknown) =>
    typeof token === 'object' ? (token as { content?: unknown } | null)?.content : token;
  const named = new Set(NAMED_TOKENS.map((name) => contentOf(merged[name])));
  const decoder = Object.entries(added)
    .filter(([, id]) => !taken.has(id))
    .map(([content, id]) => [id, { content, special: named.has(content), normalized: !named.has(content) }] as const);
  return { ...merged, added_tokens_decoder: Object.fromEntries(decoder) };
}
