import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { beforeEach, describe, expect, it } from 'vitest';
import { initWeights } from '../config/init-weights.js';
import { parseModelConfig } from '../family/model-family.js';
import { testFamilies } from '../testing/test-families.js';
import { countParameters } from '../config/weight-shapes.js';
import { testingPath } from '../testing/golden-model.js';
import { createTokenizer } from '../tokenizer/tokenizer.js';
import { trainBpe } from '../tokenizer/train-bpe.js';
import { loadModel, loadModelConfig, loadWeights } from './load-model.js';
import { readSafetensors } from './safetensors-reader.js';
import { saveModel } from './save-model.js';
import { writeSafetensors } from './safetensors-writer.js';

const config = parseModelConfig(
  {
    model_type: 'qwen3',
    vocab_size: 280,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 6,
    tie_word_embeddings: true,
    rope_theta: 1e6,
    eos_token_id: [0, 1],
  },
  testFamilies,
);
const weights = initWeights(config, RandomKey.fromSeed(7));
const tokenizer = createTokenizer(trainBpe(['some text, some more text'], { vocabSize: 270 }), {
  eos_token: '<|endoftext|>',
});

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gmoe-model-'));
  return () => rm(dir, { recursive: true });
});

describe('saveModel and loadModel', () => {
  it('give back the same model', async () => {
    await saveModel(dir, { config, weights, tokenizer });
    const loaded = await loadModel(dir, testFamilies);
    expect(loaded.config).toEqual({ ...config, json: { ...config.json, torch_dtype: 'float32' } });
    expect(loaded.weights).toEqual(weights);
    expect(loaded.tokenizer.eosId).toBe(0);
    expect(await loaded.tokenizer.encode('some text')).toEqual(await tokenizer.encode('some text'));
    expect((await readdir(dir)).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(countParameters(config)).toBe(Object.values(weights).reduce((sum, { size }) => sum + size, 0));
  });

  it('keep the point of numbers that transformers takes as floats alone', async () => {
    const json = { ...config.json, initializer_range: 1, final_logit_softcapping: 30, rope_theta: 1e6 };
    await saveModel(dir, { config: { ...config, json }, weights, tokenizer });
    const text = await readFile(join(dir, 'config.json'), 'utf8');
    expect(text).toContain('"initializer_range": 1.0,');
    expect(text).toContain('"final_logit_softcapping": 30.0,');
    expect(JSON.parse(text)).toEqual({ ...json, torch_dtype: 'float32' });
  });

  it('halve the size with F16, within its rounding', async () => {
    await saveModel(dir, { config, weights, tokenizer }, { floats: 'F16' });
    const loaded = await loadWeights(dir, config);
    for (const [name, { data }] of Object.entries(weights)) {
      data.forEach((value, i) =>
        expect(Math.abs(loaded[name]!.data[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11 + 2 ** -25),
      );
    }
    expect(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')).torch_dtype).toBe('float16');
  });

  it('refuse to write a model that is not whole', async () => {
    const rest = Object.fromEntries(Object.entries(weights).filter(([name]) => name !== 'model.norm.weight'));
    await expect(saveModel(dir, { config, weights: rest, tokenizer })).rejects.toThrow(
      /'model\.norm\.weight' is missing/,
    );
    const odd = { ...weights, 'model.norm.weight': HostTensor.zeros([9]) };
    await expect(saveModel(dir, { config, weights: odd, tokenizer })).rejects.toThrow(
      /has shape \[9\], expected \[8\]/,
    );
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('loadWeights', () => {
  const file = (): string => join(dir, 'model.safetensors');
  const rewrite = async (change: (tensors: Record<string, HostTensor>) => void): Promise<void> => {
    await saveModel(dir, { config, weights, tokenizer });
    const { tensors } = await readSafetensors(file());
    change(tensors);
    await writeSafetensors(file(), tensors);
  };

  it('refuses missing, misshapen, surplus and non-float tensors by name', async () => {
    await rewrite((tensors) => delete tensors['model.layers.1.mlp.up_proj.weight']);
    await expect(loadWeights(dir, config)).rejects.toThrow(
      /tensor 'model\.layers\.1\.mlp\.up_proj\.weight' is missing/,
    );
    await rewrite((tensors) => (tensors['model.norm.weight'] = HostTensor.zeros([4, 2])));
    await expect(loadWeights(dir, config)).rejects.toThrow(/has shape \[4, 2\], config\.json asks for \[8\]/);
    await rewrite((tensors) => (tensors['model.layers.0.self_attn.q_proj.bias'] = HostTensor.zeros([12])));
    await expect(loadWeights(dir, config)).rejects.toThrow(/q_proj\.bias' has no place in a qwen3 decoder/);
    await rewrite((tensors) => (tensors['model.norm.weight'] = HostTensor.zeros([8], 'int32')));
    await expect(loadWeights(dir, config)).rejects.toThrow(/holds int32 values, not floats/);
  });

  it('passes over computed buffers and the copy of a tied head', async () => {
    await rewrite((tensors) => {
      tensors['lm_head.weight'] = tensors['model.embed_tokens.weight']!;
      tensors['model.layers.0.self_attn.rotary_emb.inv_freq'] = HostTensor.zeros([3]);
    });
    expect(await loadWeights(dir, config)).toEqual(weights);
  });

  it('uses a stored head that differs from the embeddings it is tied to, as transformers does', async () => {
    const head = HostTensor.full([280, 8], 0.5);
    await rewrite((tensors) => (tensors['lm_head.weight'] = head));
    const loaded = await loadModel(dir, testFamilies);
    expect(loaded.config).toMatchObject({ tiedEmbeddings: false, json: { tie_word_embeddings: false } });
    expect(loaded.weights['lm_head.weight']).toEqual(head);
    await expect(loadWeights(dir, config)).rejects.toThrow(/tensor 'lm_head\.weight' differs from the embeddings/);
  });

  it('says of a Git LFS pointer what it is', async () => {
    await saveModel(dir, { config, weights, tokenizer });
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
    for (const name of ['model.safetensors', 'tokenizer.json', 'config.json']) {
      await writeFile(join(dir, name), pointer);
      await expect(loadModel(dir, testFamilies)).rejects.toThrow(`${name}: is a Git LFS pointer, not the file itself`);
    }
  });

  it('reads shards, and refuses an index that lies or reaches out of the folder', async () => {
    await cp(testingPath('llama'), dir, { recursive: true });
    const sharded = await loadModelConfig(dir, testFamilies);
    expect(Object.keys(await loadWeights(dir, sharded))).toHaveLength(21);
    const index = join(dir, 'model.safetensors.index.json');
    const original = JSON.parse(await readFile(index, 'utf8'));
    const withMap = (map: object) =>
      writeFile(index, JSON.stringify({ weight_map: { ...original.weight_map, ...map } }));
    await withMap({ 'model.norm.weight': '../../secret.safetensors' });
    await expect(loadWeights(dir, sharded)).rejects.toThrow(/must name a \.safetensors file beside it/);
    await withMap({ 'model.embed_tokens.weight': original.weight_map['model.norm.weight'] });
    await expect(loadWeights(dir, sharded)).rejects.toThrow(/is in model-00002-of-00002\.safetensors, but it is not/);
    await rm(join(dir, 'model-00002-of-00002.safetensors'));
    await withMap({});
    await expect(loadWeights(dir, sharded)).rejects.toThrow(/model-00002-of-00002\.safetensors: cannot be opened/);
  });

  it('says what a folder lacks', async () => {
    await expect(loadModel(dir, testFamilies)).rejects.toThrow(/config\.json: no such file/);
    await expect(loadWeights(dir, config)).rejects.toThrow(/has neither model\.safetensors nor/);
    await saveModel(dir, { config: { ...config, vocabSize: 280 }, weights, tokenizer });
    const path = join(dir, 'config.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"vocab_size": 280', '"vocab_size": 26'));
    await expect(loadModel(dir, testFamilies)).rejects.toThrow(/has shape \[280, 8\], config\.json asks for \[26, 8\]/);
  });

  it('all tokens that generation_config.json names end a text, else those of config.json, and the EOS', async () => {
    await saveModel(dir, { config, weights, tokenizer });
    expect((await loadModel(dir, testFamilies)).tokenizer.stopIds).toEqual([0, 1]);
    await writeFile(join(dir, 'generation_config.json'), '{"eos_token_id":[5,0,7]}');
    expect((await loadModel(dir, testFamilies)).tokenizer.stopIds).toEqual([5, 0, 7]);
    await writeFile(join(dir, 'generation_config.json'), '{"eos_token_id":"</s>"}');
    await expect(loadModel(dir, testFamilies)).rejects.toThrow(/generation_config\.json: eos_token_id: /);
  });

  it('a token that was added later and has no embedding is refused where a text holds it', async () => {
    const rows = 280;
    const later = { content: '[PAD]', single_word: false, lstrip: false, rstrip: false, special: true };
    const added = Array.from({ length: rows - tokenizer.vocabSize }, (_, i) => ({ ...later, content: `<${i}>` }));
    const decoder = Object.fromEntries([...added, later].map((token, i) => [tokenizer.vocabSize + i, token]));
    const padded = createTokenizer(tokenizer.files.json, { added_tokens_decoder: decoder });
    expect(padded.tokenId('[PAD]')).toBe(rows);
    await saveModel(dir, { config, weights, tokenizer: padded });
    const loaded = await loadModel(dir, testFamilies);
    expect(await loaded.tokenizer.encode('some text')).toEqual(await tokenizer.encode('some text'));
    const message = "a text has the token '[PAD]' (id 280), but the model's embeddings have 280 rows";
    await expect(loaded.tokenizer.encode('some [PAD]')).rejects.toThrow(message);
    await expect(loaded.tokenizer.encodeAll(['x', '[PAD]'])).rejects.toThrow(message);
    expect(await loaded.tokenizer.encode('some [PAD]', { specialAsText: true })).not.toContain(rows);
    const started = createTokenizer(tokenizer.files.json, {
      bos_token: '[PAD]',
      add_bos_token: true,
      added_tokens_decoder: decoder,
    });
    await saveModel(dir, { config, weights, tokenizer: started });
    await expect(loadModel(dir, testFamilies)).rejects.toThrow(/every text has the token '\[PAD\]'/);
  });
});
