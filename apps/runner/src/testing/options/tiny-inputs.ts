import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '@gmoe/families';
import { createTokenizer, initWeights, parseModelConfig, saveModel, trainBpe } from '@gmoe/model';
import { RandomKey } from '@gmoe/tensor';

const LABELS = ['alpha', 'beta', 'gamma'];

/** A model of few layers with drawn weights, whose tokens are bytes and the beginnings of the labels. */
export async function writeTinyBase(folder: string, seed = 5, layers = 1): Promise<void> {
  const corpus = ` ${LABELS.join(' ')} ${LABELS.join(' ')}`;
  const tokenizer = createTokenizer(trainBpe([corpus], { vocabSize: 300 }), { eos_token: '<|endoftext|>' });
  const config = parseModelConfig(
    {
      model_type: 'llama',
      vocab_size: tokenizer.vocabSize,
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: layers,
      num_attention_heads: 2,
      max_position_embeddings: 128,
    },
    families,
  );
  await saveModel(folder, { config, weights: initWeights(config, RandomKey.fromSeed(seed), 0.4), tokenizer });
}

/** Texts of three classes, and prompts with answers. */
export function writeTinyData(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const rows = Array.from(
    { length: 30 },
    (_, i) => [`${'xyz'[i % 3]!.repeat(1 + (i % 5))} ${i}`, LABELS[i % 3]!] as const,
  );
  writeFileSync(join(folder, 'rows.csv'), `text,label\n${rows.map((row) => `${row.join(',')}\n`).join('')}`);
  const texts = rows.map(([prompt, label]) => `${JSON.stringify({ prompt, answer: ` ${label}.` })}\n`);
  writeFileSync(join(folder, 'rows.jsonl'), texts.join(''));
}

/** A folder of a sweep's own: `sweep.yaml`, and beside it the base and the data that its trial names. */
export async function writeTinySweep(folder: string, trial: object, seeds: number): Promise<void> {
  writeTinyData(join(folder, 'data'));
  await writeTinyBase(join(folder, 'base'));
  const task = { id: 'classification', dataDir: 'data', trainFile: 'rows.csv' };
  writeFileSync(
    join(folder, 'sweep.yaml'),
    JSON.stringify({ name: 'own', trial: { base: 'base', task, ...trial }, seeds }),
  );
}
