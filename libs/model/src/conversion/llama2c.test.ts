import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, type Engine } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../checkpoint/load-model.js';
import { createGenerator } from '../generation/generate.js';
import { perplexity } from '../generation/perplexity.js';
import { testingPath } from '../testing/golden-model.js';
import { sharedFile } from '../testing/shared-data.js';
import { convertLlama2c } from './llama2c.js';
import { testFamilies } from '../testing/test-families.js';

const checkpoint = sharedFile('models/stories260K/stories260K.bin');
const tokenizerBin = sharedFile('models/stories260K/tok512.bin');
const tokenizerModel = sharedFile('models/stories260K/tok512.model');

describe.skipIf(!checkpoint || !tokenizerBin || !tokenizerModel)('stories260K', () => {
  let engine: Engine;
  let dir: string;
  beforeAll(async () => {
    engine = await createEngine();
    dir = await mkdtemp(join(tmpdir(), 'gmoe-llama2c-'));
    await convertLlama2c(checkpoint!, tokenizerModel!, join(dir, 'model'), testFamilies);
  });
  afterAll(async () => {
    await engine.dispose();
    await rm(dir, { recursive: true });
  });

  /** What tools/goldens/llama2c_forward.py computes from the file itself, in NumPy. */
  const golden = async () => JSON.parse(await readFile(testingPath('llama2c.json'), 'utf8')).stories260K;

  it('scores a story as its own layout does: 0.32 bits a character', async () => {
    const { text, ids, nats } = await golden();
    const model = await loadModel(join(dir, 'model'), testFamilies);
    expect(Array.from(await model.tokenizer.encode(text, { addSpecial: true }))).toEqual(ids);
    const bits = nats.reduce((sum: number, value: number) => sum + value, 0) / Math.LN2;
    const scored = await perplexity(engine, model, text, { sequenceLength: 256, stride: 255 });
    expect(Math.abs(scored.bits - bits) / bits).toBeLessThan(1e-4);
    expect(scored.bitsPerCharacter).toBeCloseTo(0.3213, 3);
    expect(scored.tokens).toBe(ids.length - 1);
    const gibberish = 'zxq vv klopt rrwa bnm, tyqqp asdf. Mxx wekj jjq uuu zzpl kkr!';
    expect((await perplexity(engine, model, gibberish)).bitsPerCharacter).toBeGreaterThan(8);
  });

  it('continues a story greedily with the same tokens, which read as one', async () => {
    const { greedy } = await golden();
    const model = await loadModel(join(dir, 'model'), testFamilies);
    const generator = createGenerator(engine, model);
    const ids = await generator.generate(greedy.slice(0, 8), { maxTokens: greedy.length - 8 });
    expect(ids).toEqual(greedy.slice(8));
    expect(model.tokenizer.decode(greedy.slice(1))).toMatch(/^Once upon a time, there was a little girl named Lily\./);
    await generator.dispose();
  });

  it('reads both forms of the tokenizer alike', async () => {
    const other = await convertLlama2c(checkpoint!, tokenizerBin!, join(dir, 'other'), testFamilies);
    const model = await loadModel(join(dir, 'model'), testFamilies);
    expect(other.tokenizer.files.json).toEqual(model.tokenizer.files.json);
    expect(other.weights).toEqual(model.weights);
  });

  it('refuses files that are cut or not its own', async () => {
    const bytes = await readFile(checkpoint!);
    const cut = join(dir, 'cut.bin');
    const out = join(dir, 'refused');
    await writeFile(cut, bytes.subarray(0, 5000));
    await expect(convertLlama2c(cut, tokenizerBin!, out, testFamilies)).rejects.toThrow(
      /has 5000 bytes, its header asks for 1056540/,
    );
    await expect(convertLlama2c(tokenizerBin!, tokenizerBin!, out, testFamilies)).rejects.toThrow(
      /not a llama2\.c checkpoint/,
    );
    await expect(convertLlama2c(checkpoint!, checkpoint!, out, testFamilies)).rejects.toThrow(
      /not this model's tokenizer/,
    );
    await expect(convertLlama2c(checkpoint!, join(dir, 'none.bin'), out, testFamilies)).rejects.toThrow(
      /none\.bin: cannot be read/,
    );
    const other = sharedFile('models/babyllama_tok105/tok105.model');
    if (other) await expect(convertLlama2c(checkpoint!, other, out, testFamilies)).rejects.toThrow(/has 105 pieces/);
  });
});
