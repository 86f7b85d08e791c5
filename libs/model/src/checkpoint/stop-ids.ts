import { join } from 'node:path';
import { z } from 'zod';
import type { ModelConfig } from '../config/model-config.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { readJsonFile } from './json-file.js';

const tokenId = z.int().min(0);
const endsSchema = z.looseObject({ eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish() });

/**
 * The tokens that end a written text: all that `generation_config.json` names, else all of `config.json`, as in transformers;
 * and the tokenizer's EOS.
 * @throws UserError if a file names no token ids
 */
export async function stopIdsOf(dir: string, { json }: ModelConfig, { eosId }: Tokenizer): Promise<readonly number[]> {
  const path = join(dir, 'generation_config.json');
  const generation = await readJsonFile(path, endsSchema);
  const named = generation?.eos_token_id ?? endsSchema.parse(json ?? {}).eos_token_id ?? [];
  return [...new Set([named, eosId ?? []].flat())];
}
