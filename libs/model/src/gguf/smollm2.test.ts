import { readFileSync } from 'node:fs';
import { createEngine, type Engine } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type LoadedModel } from '../checkpoint/load-model.js';
import { decoderHidden, decoderLogits, type DecoderBatch, type Weights } from '../decoder/decoder.js';
import { packRow, relativeError, testingPath } from '../testing/golden-model.js';
import { smollm2File } from '../testing/smollm2.js';
import { testFamilies } from '../testing/test-families.js';
import { differingStrings } from '../testing/token-golden.js';
import { createGenerator } from '../generation/generate.js';
import { ggufFolder } from './gguf-copy.js';

const path = smollm2File();

/** As tools/goldens/smollm2_gguf.py writes it. */
interface Golden {
  readonly prompt: string;
  readonly ids: number[];
  readonly stride: number;
  readonly logits: readonly (readonly number[])[];
  readonly greedy: string;
}

describe.skipIf(!path)('SmolLM2-135M-Instruct, a Q4_1 file', () => {
  const golden = JSON.parse(readFileSync(testingPath('gguf/smollm2.json'), 'utf8')) as Golden;
  let model: LoadedModel;
  let engine: Engine;
  beforeAll(async () => {
    model = await loadModel(await ggufFolder(path!), testFamilies);
    engine = await createEngine({ engine: 'compiled' });
  }, 120_000);
  afterAll(() => engine.dispose());

  it('has the ids of the tokenizer that it was trained with, not those of a conversion without digits', async () => {
    expect(Array.from(await model.tokenizer.encode(golden.prompt))).toEqual(golden.ids);
    expect(await differingStrings('smollm2', model.tokenizer)).toEqual([]);
  }, 60_000);

  it("gives transformers' logits within 1e-4, and its greedy text", async () => {
    const { config, weights, tokenizer } = model;
    const program = engine.jit(
      (frozen: Weights, batch: DecoderBatch) => decoderLogits(config, frozen, decoderHidden(config, frozen, batch)),
      { name: 'smollm2', frozen: weights },
    );
    const { data } = await program(packRow([golden.ids], golden.ids.length));
    await program.dispose();
    const rows = golden.ids.map((_, row) => data.subarray(row * config.vocabSize, (row + 1) * config.vocabSize));
    const strided = rows.flatMap((row) => Array.from(row).filter((_, i) => i % golden.stride === 0));
    expect(relativeError(strided, golden.logits.flat())).toBeLessThan(1e-4);

    const generator = createGenerator(engine, model);
    const written = await generator.generate(golden.ids, { maxTokens: 24 });
    await generator.dispose();
    expect(tokenizer.decode(written)).toBe(golden.greedy);
    expect(golden.greedy).toMatch(/^ Paris/);
  }, 120_000);
});
