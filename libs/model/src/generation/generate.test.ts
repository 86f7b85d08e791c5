import { createEngine, HostTensor, linear, RandomKey, type Engine, type tf } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decoderHidden,
  decoderLogits,
  type DecoderBatch,
  type DecoderHooks,
  type Weights,
} from '../decoder/decoder.js';
import { loadGoldenModel, packRow, type GoldenModel } from '../testing/golden-model.js';
import { createGenerator } from './generate.js';
import { drawToken } from './sampling.js';

describe('generate', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine();
  });
  afterAll(async () => engine.dispose());

  /** Greedy decoding by the whole forward pass over one padded row, token by token. */
  async function greedyWithoutCache({ config, weights }: GoldenModel, prompt: number[], count: number, hooks = {}) {
    const program = engine.jit(
      (w: Weights, batch: DecoderBatch) => decoderLogits(config, w, decoderHidden(config, w, batch, hooks)),
      { name: 'uncached', frozen: weights },
    );
    const ids = [...prompt];
    while (ids.length < prompt.length + count) {
      const logits = await program(packRow([ids], config.maxPositions));
      const row = logits.data.subarray((ids.length - 1) * config.vocabSize, ids.length * config.vocabSize);
      ids.push(row.indexOf(Math.max(...row)));
    }
    return ids.slice(prompt.length);
  }

  it.each(['qwen3', 'mistral', 'llama3-rope'])(
    '%s: the cache gives what the whole forward pass gives',
    async (name) => {
      const golden = await loadGoldenModel(name);
      const prompt = golden.ids.slice(0, 11);
      const generator = createGenerator(engine, golden);
      const told: number[] = [];
      const ids = await generator.generate(prompt, { maxTokens: 30 }, undefined, (id) => told.push(id));
      expect(ids).toEqual(await greedyWithoutCache(golden, prompt, 30));
      expect(told).toEqual(ids);
      await generator.dispose();
    },
  );

  it("applies an adapter's hooks to prompt and steps alike", async () => {
    const golden = await loadGoldenModel('llama');
    const hooksWith = (delta: tf.Tensor2D): DecoderHooks => ({
      linear: ({ layer, name }, x, base) =>
        layer === 1 && name === 'v_proj' ? base(x).add(linear(x, delta)) : base(x),
    });
    const delta = RandomKey.fromSeed(1).normal([8, 16], 0, 1);
    const generator = createGenerator(engine, {
      ...golden,
      adapter: { tensors: { delta }, bind: ({ delta: d }) => hooksWith(d as tf.Tensor2D) },
    });
    const prompt = golden.ids.slice(0, 6);
    const ids = await generator.generate(prompt, { maxTokens: 12 });
    // The same change written into the weight.
    const site = 'model.layers.1.self_attn.v_proj.weight';
    const merged = HostTensor.float(
      golden.weights[site]!.data.map((w, i) => w + delta.data[i]!),
      [8, 16],
    );
    const changed = { ...golden, weights: { ...golden.weights, [site]: merged } };
    expect(ids).toEqual(await greedyWithoutCache(changed, prompt, 12));
    expect(ids).not.toEqual(await greedyWithoutCache(golden, prompt, 12));
    await generator.dispose();
  });

  it('stops at a stop token and at the end of the positions', async () => {
    const golden = await loadGoldenModel('llama');
    const generator = createGenerator(engine, golden);
    const prompt = golden.ids.slice(0, 20);
    const all = await generator.generate(prompt, { maxTokens: 1000 });
    expect(all).toHaveLength(golden.config.maxPositions - prompt.length);
    const stop = all[5]!;
    expect(await generator.generate(prompt, { maxTokens: 1000, stopIds: [stop] })).toEqual(
      all.slice(0, all.indexOf(stop)),
    );
    await generator.dispose();
  });

  it('draws the same text from one key, and others from others', async () => {
    const golden = await loadGoldenModel('llama');
    const generator = createGenerator(engine, golden);
    const sample = (seed: number) =>
      generator.generate(golden.ids.slice(0, 5), { maxTokens: 20, temperature: 1.5 }, RandomKey.fromSeed(seed));
    expect(await sample(1)).toEqual(await sample(1));
    expect(await sample(1)).not.toEqual(await sample(2));
    await generator.dispose();
  });

  it('refuses empty and over-long prompts, ids outside of the vocabulary, and a temperature without a key', async () => {
    const golden = await loadGoldenModel('llama');
    const generator = createGenerator(engine, golden);
    await expect(generator.generate([])).rejects.toThrow(/prompt is empty/);
    await expect(generator.generate(new Array<number>(64).fill(3))).rejects.toThrow(
      /64 tokens, the model takes up to 63/,
    );
    await expect(generator.generate([3, 40])).rejects.toThrow(/token id 40 is not in 0\.\.39/);
    await expect(generator.generate([3], { temperature: 1 })).rejects.toThrow(/temperature: 1 needs a random key/);
    await generator.dispose();
  });
});

describe('drawToken', () => {
  it('follows softmax(logits / temperature)', () => {
    const logits = Float32Array.of(1, -0.5, 2, 0);
    const draws = 20_000;
    for (const temperature of [0.7, 1, 2]) {
      const masses = Array.from(logits, (logit) => Math.exp(logit / temperature));
      const total = masses.reduce((sum, mass) => sum + mass, 0);
      const counts = [0, 0, 0, 0];
      const key = RandomKey.fromSeed(temperature * 10);
      for (let i = 0; i < draws; i++) counts[drawToken(logits, temperature, key.fold(i))]!++;
      const chiSquare = counts.reduce((sum, count, id) => {
        const expected = (draws * masses[id]!) / total;
        return sum + (count - expected) ** 2 / expected;
      }, 0);
      // 99.9 % quantile at 3 degrees of freedom.
      expect(chiSquare).toBeLessThan(16.27);
    }
  });

  it('with a top-p, follows the distribution among the likeliest tokens and never leaves them', () => {
    // Probabilities 0.5, 0.25, 0.15, 0.1, in another order.
    const logits = Float32Array.from([0.15, 0.5, 0.1, 0.25], Math.log);
    const draws = 20_000;
    for (const [topP, kept] of [
      [0.3, [1]],
      [0.5, [1]],
      [0.6, [1, 3]],
      [0.76, [1, 3, 0]],
      [0.95, [1, 3, 0, 2]],
    ] as const) {
      const counts = [0, 0, 0, 0];
      const key = RandomKey.fromSeed(topP * 100);
      for (let i = 0; i < draws; i++) counts[drawToken(logits, 1, key.fold(i), topP)]!++;
      const total = kept.reduce<number>((sum, id) => sum + Math.exp(logits[id]!), 0);
      const chiSquare = counts.reduce((sum, count, id) => {
        if (!kept.some((other) => other === id)) {
          expect(count).toBe(0);
          return sum;
        }
        const expected = (draws * Math.exp(logits[id]!)) / total;
        return sum + (count - expected) ** 2 / expected;
      }, 0);
      expect(chiSquare).toBeLessThan(16.27);
    }
  });
});
