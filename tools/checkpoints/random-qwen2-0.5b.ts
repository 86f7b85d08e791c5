/**
 * Writes a checkpoint of Qwen2.5-0.5B's exact shape with random weights: for measuring memory and time at that size.
 *
 *     tsx --tsconfig tsconfig.base.json tools/checkpoints/random-qwen2-0.5b.ts OUT [--floats F32|F16|BF16] [--seed N] [--ranks FILE]
 *
 * The tokenizer is made from Qwen's published ranks (`qwen.tiktoken`: FILE, or the shared data folder's, GMOE_SHARED); where
 * there is none, the bundled model's stands in. Weights ~ N(0, 0.02), as `initWeights` draws them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseOptions } from '@gmoe/core';
import { families } from '@gmoe/families';
import {
  countParameters,
  createTokenizer,
  FLOAT_TYPES,
  initWeights,
  loadTokenizer,
  parseModelConfig,
  QWEN_PATTERN,
  saveModel,
  tiktokenJson,
  writeNewFolder,
  type Tokenizer,
} from '@gmoe/model';
import { RandomKey } from '@gmoe/tensor';
import { bundledBaseDir } from '@gmoe/trial';
import { z } from 'zod';

/** Qwen/Qwen2.5-0.5B `config.json` */
const config = parseModelConfig(
  {
    model_type: 'qwen2',
    vocab_size: 151_936,
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    rope_theta: 1e6,
    rms_norm_eps: 1e-6,
    max_position_embeddings: 32_768,
    tie_word_embeddings: true,
    bos_token_id: 151_643,
    eos_token_id: 151_643,
  },
  families,
);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { floats: { type: 'string' }, seed: { type: 'string' }, ranks: { type: 'string' } },
});
const [out] = positionals;
if (!out) throw new Error('usage: random-qwen2-0.5b.ts OUT [--floats F32|F16|BF16] [--seed N] [--ranks qwen.tiktoken]');
const options = parseOptions(
  z.object({
    floats: z.enum(FLOAT_TYPES).default('BF16'),
    seed: z.coerce.number().int().min(0).default(0),
    ranks: z.string().optional(),
  }),
  values,
  '--',
);

async function tokenizer(): Promise<Tokenizer> {
  const ranks =
    options.ranks ?? resolve(process.env['GMOE_SHARED'] ?? '../shared', 'data', 'tokenizers', 'qwen', 'qwen.tiktoken');
  if (!existsSync(ranks)) {
    process.stderr.write(`${ranks}: not there; the bundled model's tokenizer stands in\n`);
    return loadTokenizer(bundledBaseDir());
  }
  const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  return createTokenizer(tiktokenJson(readFileSync(ranks, 'utf8'), QWEN_PATTERN, special, { type: 'NFC' }), {
    eos_token: '<|endoftext|>',
    pad_token: '<|endoftext|>',
    add_bos_token: false,
  });
}

const model = { config, weights: initWeights(config, RandomKey.fromSeed(options.seed)), tokenizer: await tokenizer() };
await writeNewFolder(out, (draft) => saveModel(draft, model, { floats: options.floats }));
process.stdout.write(`${join(out, 'model.safetensors')}: ${countParameters(config)} parameters in ${options.floats}\n`);
