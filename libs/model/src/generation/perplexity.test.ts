import { createEngine, HostTensor, linear, RandomKey, type Engine, type tf } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedModel } from '../checkpoint/load-model.js';
import { initWeights } from '../config/init-weights.js';
import { parseModelConfig } from '../family/model-family.js';
import { testFamilies } from '../testing/test-families.js';
import { decoderHidden, decoderLogits, type DecoderBatch, type Weights } from '../decoder/decoder.js';
import { packRow } from '../testing/golden-model.js';
import { createTokenizer } from '../tokenizer/tokenizer.js';
import { trainBpe } from '../tokenizer/train-bpe.js';
import { perplexity } from './perplexity.js';

const text = 'The cat 🙂 sat on the mat. Ünder the mat, the other cat was not amused.';
const json = trainBpe([text, text], { vocabSize: 280, specialTokens: ['<s>'] });
const config = parseModelConfig(
  {
    model_type: 'llama',
    vocab_size: 300,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 128,
  },
  testFamilies,
);
const weights = initWeights(config, RandomKey.fromSeed(5), 0.4);

describe('perplexity', () => {
  let engine: Engine;
  const naive = () =>
    engine.jit((w: Weights, batch: DecoderBatch) => decoderLogits(config, w, decoderHidden(config, w, batch)), {
      name: 'naive',
      frozen: weights,
    });
  let program: ReturnType<typeof naive>;
  beforeAll(async () => {
    engine = await createEngine();
    program = naive();
  });
  afterAll(async () => engine.dispose());

  /** Bits of ids[target] after ids[start..target-1], from the whole logits. */
  async function bitsOf(ids: Int32Array, start: number, target: number): Promise<number> {
    const context = Array.from(ids.subarray(start, target));
    const logits = await program(packRow([context], 128));
    const row = Array.from(logits.data.subarray((context.length - 1) * 300, context.length * 300));
    return (Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[ids[target]!]!) / Math.LN2;
  }

  it.each([
    ['with BOS', { bos_token: '<s>', add_bos_token: true }],
    ['without BOS', {}],
  ])('sums the bits of every token, %s, whatever the windows cover', async (_, tokenizerConfig) => {
    const model: LoadedModel = { config, weights, tokenizer: createTokenizer(json, tokenizerConfig) };
    const encoded = await model.tokenizer.encode(text);
    const ids = 'bos_token' in tokenizerConfig ? Int32Array.from([0, ...encoded]) : encoded;
    let bits = 0;
    for (let target = 1; target < ids.length; target++) bits += await bitsOf(ids, 0, target);
    const whole = await perplexity(engine, model, text, { sequenceLength: 100, stride: 99 });
    expect(Math.abs(whole.bits - bits) / bits).toBeLessThan(1e-5);
    expect(whole).toMatchObject({
      tokens: ids.length - 1,
      bytes: Buffer.byteLength(text),
      characters: [...text].length,
    });
    expect(whole.bitsPerByte).toBeCloseTo(bits / Buffer.byteLength(text), 4);
    expect(Math.log2(whole.perplexity)).toBeCloseTo(bits / (ids.length - 1), 4);

    // Windows of 10 that move by 4: target t of [first, end) sees from max(0, end - 1 - 10) on.
    let windowed = 0;
    for (let first = 1; first < ids.length; first += 4) {
      const end = Math.min(first + 4, ids.length);
      for (let target = first; target < end; target++) windowed += await bitsOf(ids, Math.max(0, end - 11), target);
    }
    const slid = await perplexity(engine, model, text, { sequenceLength: 10, stride: 4 });
    expect(Math.abs(slid.bits - windowed) / windowed).toBeLessThan(1e-5);
  });

  it('scores with the hooks of an adapter', async () => {
    const tokenizer = createTokenizer(json);
    const name = 'model.layers.1.mlp.down_proj';
    const delta = RandomKey.fromSeed(9).normal([16, 24], 0, 0.3);
    const merged = HostTensor.float(
      weights[`${name}.weight`]!.data.map((w, i) => w + delta.data[i]!),
      [16, 24],
    );
    const base = { config, weights, tokenizer };
    const adapted = await perplexity(
      engine,
      {
        ...base,
        adapter: {
          tensors: { delta },
          bind: (tensors) => ({
            linear: (site, x, apply) =>
              site.layer === 1 && site.name === 'down_proj'
                ? apply(x).add(linear(x, tensors['delta'] as tf.Tensor2D))
                : apply(x),
          }),
        },
      },
      text,
    );
    const changed = { ...base, weights: { ...weights, [`${name}.weight`]: merged } };
    expect(adapted.bits).toBeCloseTo((await perplexity(engine, changed, text)).bits, 2);
    expect(adapted.bits).not.toBeCloseTo((await perplexity(engine, base, text)).bits, 0);
  });

  it('refuses what it cannot score', async () => {
    const model: LoadedModel = { config, weights, tokenizer: createTokenizer(json) };
    await expect(perplexity(engine, model, '')).rejects.toThrow(/less than two tokens/);
    await expect(perplexity(engine, model, text, { sequenceLength: 8, stride: 8 })).rejects.toThrow(
      /stride: 8 must be below/,
    );
  });
});
