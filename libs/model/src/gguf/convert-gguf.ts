import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { TensorSpec } from '@gmoe/tensor';
import { writeJson } from '../checkpoint/json-file.js';
import { streamSafetensors } from '../checkpoint/safetensors-writer.js';
import { createTokenizer } from '../tokenizer/tokenizer.js';
import { architectureOf, ggufConfig } from './gguf-config.js';
import { GgufFile } from './gguf-file.js';
import { endTokenIds, ggufTokenizer } from './gguf-tokenizer.js';
import { readWeight, weightNames } from './gguf-weights.js';

/**
 * Writes the model of a GGUF file as a folder in Hugging Face layout: weights as float32, `config.json`, tokenizer with chat
 * template, and the tokens that end a text in `generation_config.json`. It takes one tensor's memory at a time.
 * @returns the architecture that the file names
 * @throws UserError if something in the file is not read
 */
export async function convertGguf(path: string, dir: string): Promise<{ readonly architecture: string }> {
  const file = await GgufFile.open(path);
  try {
    const { model, known } = architectureOf(file);
    const config = await ggufConfig(model, known);
    const tokenizer = ggufTokenizer(file, model.architecture);
    // Whatever the library does not take ends here.
    createTokenizer(tokenizer.json, tokenizer.config, path);
    if (tokenizer.json.model && Object.keys(tokenizer.json.model.vocab).length > Number(config['vocab_size'])) {
      throw new UserError(`${path}: has more tokens than rows of embeddings (${config['vocab_size']})`);
    }
    const names = weightNames(model, known);
    const specs = Object.fromEntries(
      [...names].map(([name, stored]): [string, TensorSpec] => [
        name,
        { shape: file.tensors.get(stored)!.shape, dtype: 'float32' },
      ]),
    );
    await mkdir(dir, { recursive: true });
    writeJson(join(dir, 'config.json'), config, 2);
    writeJson(join(dir, 'tokenizer.json'), tokenizer.json);
    writeJson(join(dir, 'tokenizer_config.json'), tokenizer.config, 2);
    const ends = endTokenIds(file);
    if (ends.length > 0) writeJson(join(dir, 'generation_config.json'), { eos_token_id: ends }, 2);
    await streamSafetensors(
      join(dir, 'model.safetensors'),
      specs,
      (name) => readWeight(model, known, name, names.get(name)!),
      { metadata: { format: 'pt' } },
    );
    return { architecture: model.architecture };
  } finally {
    await file.close();
  }
}
