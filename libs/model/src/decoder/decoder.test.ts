import { createEngine, crossEntropy, HostTensor, linear, RandomKey, tf, type Engine, type HostOf } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initWeights } from '../config/init-weights.js';
import { parseModelConfig } from '../family/model-family.js';
import { testFamilies } from '../testing/test-families.js';
import { GOLDEN_MODELS, loadGoldenModel, packRow, relativeError } from '../testing/golden-model.js';
import { decoderHidden, decoderLogits, type DecoderBatch, type DecoderHooks, type Weights } from './decoder.js';
import type { ModelConfig, SiteName } from '../config/model-config.js';

const logitsOf =
  (config: ModelConfig, hooks?: DecoderHooks) =>
  (weights: Weights, batch: DecoderBatch): tf.Tensor2D =>
    decoderLogits(config, weights, decoderHidden(config, weights, batch, hooks));

/** Mean next-token cross-entropy of one row of S tokens, with its gradient in every weight. */
const lossOf = (config: ModelConfig) => (weights: Weights, batch: DecoderBatch) => {
  const length = batch.ids_BS.shape[1];
  const names = Object.keys(weights);
  const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
    const named = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
    const hidden = decoderHidden(config, named, batch).slice<tf.Tensor2D>([0, 0], [length - 1, -1]);
    const targets = batch.ids_BS.reshape<tf.Tensor1D>([length]).slice<tf.Tensor1D>([1], [length - 1]);
    return crossEntropy(decoderLogits(config, named, hidden), targets).mean();
  };
  const { value, grads } = tf.valueAndGrads(loss)(Object.values(weights));
  return { loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
};

describe('decoder', () => {
  let compiled: Engine;
  let eager: Engine;
  beforeAll(async () => {
    compiled = await createEngine({ engine: 'compiled' });
    eager = await createEngine({ engine: 'eager', device: 'cpu' });
  });
  afterAll(async () => {
    await compiled.dispose();
    await eager.dispose();
  });

  describe.each(GOLDEN_MODELS)('%s', (name) => {
    it('gives the logits of transformers', async () => {
      const { config, weights, ids, logits } = await loadGoldenModel(name);
      for (const engine of [compiled, eager]) {
        const program = engine.jit(logitsOf(config), { name, frozen: weights });
        const actual = await program(packRow([ids], ids.length));
        expect(actual.shape).toEqual([ids.length, config.vocabSize]);
        expect(relativeError(actual.data, logits)).toBeLessThan(1e-5);
      }
    });

    it("gives torch's loss and gradient norms in every weight", async () => {
      const { config, weights, ids, loss, gradientNorms } = await loadGoldenModel(name);
      const program = compiled.jit((_: object, w: Weights, batch: DecoderBatch) => lossOf(config)(w, batch), {
        name,
        frozen: {},
      });
      const actual = await program(weights, packRow([ids], ids.length));
      expect(Math.abs(actual.loss.item() - loss) / loss).toBeLessThan(1e-6);
      expect(Object.keys(actual.gradients).sort()).toEqual(Object.keys(gradientNorms).sort());
      for (const [weight, gradient] of Object.entries(actual.gradients)) {
        const norm = Math.hypot(...gradient.data);
        expect(Math.abs(norm - gradientNorms[weight]!) / gradientNorms[weight]!, weight).toBeLessThan(1e-4);
      }
    });
  });

  it('keeps packed examples apart: each has the logits it has alone', async () => {
    for (const name of ['qwen3', 'mistral']) {
      const { config, weights, ids } = await loadGoldenModel(name);
      const program = compiled.jit(logitsOf(config), { name, frozen: weights });
      const examples = [ids.slice(0, 9), ids.slice(9, 14), ids.slice(14, 22)];
      const packed = await program(packRow(examples, 24));
      let at = 0;
      for (const example of examples) {
        const alone = await program(packRow([example], example.length));
        const size = example.length * config.vocabSize;
        expect(relativeError(packed.data.subarray(at, at + size), alone.data)).toBeLessThan(1e-5);
        at += size;
      }
    }
  });

  it('lets continuations share one prompt: each has the logits of prompt and continuation alone', async () => {
    for (const name of ['qwen3', 'mistral']) {
      const { config, weights, ids } = await loadGoldenModel(name);
      const program = compiled.jit(logitsOf(config), { name: 'shared', frozen: weights });
      const prompt = ids.slice(0, 9);
      const options = [ids.slice(9, 12), ids.slice(12, 17), ids.slice(17, 19)];
      const row = packRow([prompt, ...options], 24);
      const shared = row.segments_BS.data.map((segment) => (segment > 1 ? 1 : 0));
      const positions = row.positions_BS.data.map((position, i) => (shared[i] ? 9 + position : position));
      const logits = await program({
        ...row,
        positions_BS: HostTensor.int(positions, [1, 24]),
        sharedSegments_BS: HostTensor.int(shared, [1, 24]),
      });
      let at = 9 * config.vocabSize;
      for (const option of options) {
        const alone = await program(packRow([[...prompt, ...option]], 9 + option.length));
        const size = option.length * config.vocabSize;
        const expected = alone.data.subarray(9 * config.vocabSize);
        expect(relativeError(logits.data.subarray(at, at + size), expected)).toBeLessThan(1e-5);
        at += size;
      }
    }
  });

  it('is not moved by padding, and padding rows stay finite', async () => {
    const { config, weights, ids } = await loadGoldenModel('llama');
    const program = compiled.jit(logitsOf(config), { name: 'padding', frozen: weights });
    const alone = await program(packRow([ids.slice(0, 10)], 10));
    const batch = packRow([ids.slice(0, 10)], 24);
    batch.ids_BS.data.fill(37, 10);
    const padded = await program(batch);
    expect(relativeError(padded.data.subarray(0, alone.size), alone.data)).toBeLessThan(1e-5);
    expect(padded.data.every(Number.isFinite)).toBe(true);
    const empty = await program(packRow([], 24));
    expect(empty.data.every(Number.isFinite)).toBe(true);
  });

  it('batches rows without mixing them', async () => {
    const { config, weights, ids } = await loadGoldenModel('llama');
    const program = compiled.jit(logitsOf(config), { name: 'batch', frozen: weights });
    const rows = [packRow([ids.slice(0, 12)], 12), packRow([ids.slice(12, 19)], 12)];
    const stack = (key: 'ids_BS' | 'positions_BS' | 'segments_BS'): HostTensor =>
      HostTensor.int(
        rows.flatMap((row) => Array.from(row[key].data)),
        [2, 12],
      );
    const both = await program({
      ids_BS: stack('ids_BS'),
      positions_BS: stack('positions_BS'),
      segments_BS: stack('segments_BS'),
    });
    for (const [i, row] of rows.entries()) {
      const alone = await program(row);
      expect(relativeError(both.data.subarray(i * alone.size, (i + 1) * alone.size), alone.data)).toBeLessThan(1e-5);
    }
  });

  it('lets hooks replace linear layers and FFNs', async () => {
    const { config, weights, ids } = await loadGoldenModel('llama3-rope');
    const seen: string[] = [];
    const same: DecoderHooks = {
      linear: ({ layer, name }, x, base) => {
        seen.push(`${layer}.${name}`);
        return base(x);
      },
      ffn: (layer, x, base) =>
        layer === 1 ? base.down(tf.mul(tf.mul(base.gate(x), tf.sigmoid(base.gate(x))), base.up(x))) : undefined,
    };
    const batch = packRow([ids], ids.length);
    const plain = await compiled.jit(logitsOf(config), { name: 'plain', frozen: weights })(batch);
    const hooked = await compiled.jit(logitsOf(config, same), { name: 'hooked', frozen: weights })(batch);
    expect(relativeError(hooked.data, plain.data)).toBeLessThan(1e-5);
    const attentionSites: SiteName[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj'];
    expect(seen).toEqual([
      ...[...attentionSites, 'gate_proj', 'up_proj', 'down_proj'].map((site) => `0.${site}`),
      ...attentionSites.map((site) => `1.${site}`),
    ]);

    // A LoRA-like change of one projection equals changing its weight.
    const site = 'model.layers.0.self_attn.v_proj.weight';
    const delta = HostTensor.full([8, 16], 0.05);
    const lora: DecoderHooks = {
      linear: ({ layer, name }, x, base) =>
        layer === 0 && name === 'v_proj' ? base(x).add(linear(x, tf.fill([8, 16], 0.05))) : base(x),
    };
    const changed = {
      ...weights,
      [site]: HostTensor.float(
        weights[site]!.data.map((w) => w + 0.05),
        delta.shape,
      ),
    };
    const viaHook = await compiled.jit(logitsOf(config, lora), { name: 'lora', frozen: weights })(batch);
    const viaWeight = await compiled.jit(logitsOf(config), { name: 'changed', frozen: changed })(batch);
    expect(relativeError(viaHook.data, viaWeight.data)).toBeLessThan(1e-5);
    expect(relativeError(viaHook.data, plain.data)).toBeGreaterThan(1e-3);
  });

  it('has the gradient of finite differences, embedding included', async () => {
    const config = parseModelConfig(
      {
        model_type: 'qwen2',
        vocab_size: 7,
        hidden_size: 4,
        intermediate_size: 6,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        tie_word_embeddings: true,
      },
      testFamilies,
    );
    const weights = initWeights(config, RandomKey.fromSeed(3), 0.5);
    const batch: HostOf<DecoderBatch> = packRow([[1, 4, 4, 2, 6, 1]], 6);
    const program = compiled.jit((_: object, w: Weights, b: DecoderBatch) => lossOf(config)(w, b), {
      name: 'difference',
      frozen: {},
    });
    const { gradients } = await program(weights, batch);
    for (const [name, index] of [
      ['model.embed_tokens.weight', 4 * 4 + 1],
      ['model.layers.0.self_attn.k_proj.weight', 3],
      ['model.layers.0.self_attn.q_proj.bias', 1],
      ['model.layers.0.mlp.down_proj.weight', 5],
      ['model.layers.0.input_layernorm.weight', 2],
      ['model.norm.weight', 0],
    ] as const) {
      const lossAt = async (step: number): Promise<number> => {
        const data = weights[name]!.data.slice();
        data[index]! += step;
        const moved = { ...weights, [name]: new HostTensor(data, weights[name]!.shape) };
        return (await program(moved, batch)).loss.item();
      };
      const step = 1e-2;
      // Fourth-order central difference: float32 losses leave about 1e-5 of noise.
      const slope =
        (8 * ((await lossAt(step)) - (await lossAt(-step))) - ((await lossAt(2 * step)) - (await lossAt(-2 * step)))) /
        (12 * step);
      expect(Math.abs(gradients[name]!.data[index]! - slope), name).toBeLessThan(5e-4 * Math.max(1, Math.abs(slope)));
    }
  });
});
