import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loraSchema, type LoraOptions } from '@gmoe/adapters-lora';
import { families } from '@gmoe/families';
import {
  decoderHidden,
  decoderLogits,
  loadModelConfig,
  loadWeights,
  readSafetensors,
  type DecoderBatch,
  type ModelConfig,
} from '@gmoe/model';
import type { Router, Selector } from '@gmoe/routers-core';
import { createEngine, crossEntropy, gatherRows, HostTensor, linear, RandomKey, tensorOf, tf } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adapterStart,
  createAdapter,
  loadAdapter,
  mergeAdapter,
  mixtureSchema,
  saveAdapter,
  type AdapterFile,
} from '../index.js';

/** Made by transformers and PEFT: tools/goldens/peft_roundtrip.py */
const goldens = join(import.meta.dirname, '../testing/peft');
const ours = join(goldens, 'ours');

type Named = Readonly<Record<string, HostTensor>>;
let config: ModelConfig;
let weights: Named;
let folder: string;
let golden: Named;

beforeAll(async () => {
  await tf.setBackend('cpu');
  config = await loadModelConfig(join(goldens, 'base'), families);
  weights = await loadWeights(join(goldens, 'base'), config);
  golden = (await readSafetensors(join(goldens, 'theirs.safetensors'))).tensors;
  folder = await mkdtemp(join(tmpdir(), 'adapter-'));
});
afterAll(() => rm(folder, { recursive: true }));

const upload = (tensors: Named) =>
  Object.fromEntries(Object.entries(tensors).map(([name, host]) => [name, tensorOf(host)]));

/** Logits [2, 7, V] of the golden ids, and the gradients of PEFT's loss. */
function run(lora: LoraOptions | null, trainable: Named, base: Named = weights) {
  const ids = golden['ids']!;
  const [rows, length] = ids.shape as [number, number];
  const grid = (f: (t: number) => number) =>
    tf.tensor2d(
      Int32Array.from({ length: rows * length }, (_, t) => f(t)),
      [rows, length],
      'int32',
    );
  const batch = {
    ids_BS: grid((t) => ids.data[t]!),
    positions_BS: grid((t) => t % length),
    segments_BS: grid(() => 1),
  };
  const names = Object.keys(trainable);
  const logitsOf = (tensors: tf.Tensor[]) => {
    const params = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
    const bound =
      lora &&
      createAdapter({ config, lora, mixture: null }).bind(
        { trainable: params, frozen: {}, state: {} },
        { tokenMask_T: tf.ones([rows * length]), training: false },
      );
    const uploaded = upload(base);
    return decoderLogits(config, uploaded, decoderHidden(config, uploaded, batch, bound?.hooks));
  };
  const inputs = Object.values(upload(trainable));
  const logits = logitsOf(inputs);
  const rowsWithTarget = Array.from({ length: rows * length }, (_, t) => t).filter((t) => t % length < length - 1);
  const loss = (...tensors: tf.Tensor[]) =>
    crossEntropy(
      tf.gather(logitsOf(tensors), tf.tensor1d(rowsWithTarget, 'int32')),
      tf.tensor1d(
        rowsWithTarget.map((t) => ids.data[t + 1]!),
        'int32',
      ),
    ).mean();
  const gradients = lora ? tf.grads(loss)(inputs) : [];
  return {
    logits: logits.dataSync(),
    loss: loss(...inputs).dataSync()[0]!,
    gradients: Object.fromEntries(gradients.map((gradient, i) => [names[i]!, gradient.dataSync()])),
  };
}

function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  const largest = Math.max(...Array.from(want, Math.abs));
  return Math.max(...Array.from(want, (value, i) => Math.abs(value - got[i]!))) / largest;
}

describe('plain LoRA and PEFT', () => {
  it("an adapter that PEFT saved gives PEFT's logits, loss and gradients", async () => {
    const { description, tensors } = await loadAdapter(join(goldens, 'theirs'));
    expect(description.lora).toEqual(
      loraSchema.parse({ rank: 3, alpha: 5, dropout: 0.1, scaling: 'rslora', targets: description.lora!.targets }),
    );
    expect(description.lora!.targets).toHaveLength(7);
    const got = run(description.lora, tensors.trainable);
    expect(worst(got.logits, golden['logits']!.data)).toBeLessThan(1e-5);
    expect(Math.abs(got.loss / golden['loss']!.item() - 1)).toBeLessThan(1e-5);
    expect(Object.keys(got.gradients)).toHaveLength(28);
    for (const [name, gradient] of Object.entries(got.gradients)) {
      expect(worst(gradient, golden[`grad.${name}`]!.data), name).toBeLessThan(1e-4);
    }
  });

  it("the compiled engine gives PEFT's logits and gradients too", async () => {
    const { description, tensors } = await loadAdapter(join(goldens, 'theirs'));
    const adapter = createAdapter({ config, lora: description.lora, mixture: null });
    const names = Object.keys(tensors.trainable);
    const ids = golden['ids']!;
    const row = (of: (t: number) => number) =>
      HostTensor.int(
        Array.from({ length: ids.size }, (_, t) => of(t)),
        [2, 7],
      );
    const withTarget = Array.from({ length: ids.size }, (_, t) => t).filter((t) => t % 7 < 6);
    const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    const program = engine.jit(
      (
        base: Record<string, tf.Tensor>,
        trainable: Record<string, tf.Tensor>,
        batch: DecoderBatch,
        rows_N: tf.Tensor1D,
        targets_N: tf.Tensor1D,
      ) => {
        const logitsOf = (values: readonly tf.Tensor[]) => {
          const params = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
          const bound = adapter.bind(
            { trainable: params, frozen: {}, state: {} },
            { tokenMask_T: tf.ones([14]), training: false },
          );
          return decoderLogits(config, base, decoderHidden(config, base, batch, bound.hooks));
        };
        const loss = (...values: tf.Tensor[]) =>
          crossEntropy(gatherRows(logitsOf(values), rows_N), targets_N).mean() as tf.Scalar;
        const inputs = names.map((name) => trainable[name]!);
        return { logits: logitsOf(inputs), gradients: tf.grads(loss)(inputs) };
      },
      { name: 'peft', frozen: weights },
    );
    const got = await program(
      tensors.trainable,
      { ids_BS: row((t) => ids.data[t]!), positions_BS: row((t) => t % 7), segments_BS: row(() => 1) },
      HostTensor.int(withTarget),
      HostTensor.int(withTarget.map((t) => ids.data[t + 1]!)),
    );
    await engine.dispose();
    expect(worst(got.logits.data, golden['logits']!.data)).toBeLessThan(1e-5);
    expect(got.gradients).toHaveLength(28);
    for (const [i, gradient] of got.gradients.entries()) {
      expect(worst(gradient.data, golden[`grad.${names[i]!}`]!.data), names[i]).toBeLessThan(1e-4);
    }
  });

  it("an adapter written here is the one that PEFT loaded, and gives PEFT's logits", async () => {
    const lora = loraSchema.parse({ rank: 2, alpha: 6, targets: ['q_proj', 'v_proj', 'down_proj'] });
    const drawn = createAdapter({ config, lora, mixture: null }).init(RandomKey.fromSeed(4));
    // B starts at zero: draw it too, so that the adapter does something.
    const trainable = Object.fromEntries(
      Object.entries(drawn.trainable).map(([name, { shape }]) => [
        name,
        RandomKey.fromSeed(8).fold(name).normal(shape, 0, 0.4),
      ]),
    );
    const file: AdapterFile = {
      description: { lora, mixture: null, router: null, coordination: [], baseModel: null },
      tensors: { trainable, frozen: {}, state: {} },
    };
    const target = process.env['GMOE_UPDATE_GOLDENS'] ? ours : join(folder, 'ours');
    await saveAdapter(target, file);
    for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
      expect((await readFile(join(target, name))).equals(await readFile(join(ours, name)))).toBe(true);
    }
    const loaded = await loadAdapter(target);
    expect(loaded.description).toEqual(file.description);
    const want = (await readSafetensors(join(goldens, 'ours-logits.safetensors'))).tensors['logits']!;
    expect(worst(run(lora, loaded.tensors.trainable).logits, want.data)).toBeLessThan(1e-5);
  });

  it.each([
    [
      'paths, as all-linear is saved',
      { target_modules: ['model.layers.0.self_attn.q_proj', 'model.layers.1.mlp.up_proj'] },
    ],
    ['a pattern', { target_modules: '.*_proj' }],
    [
      "the newest version's own fields, off",
      { kasa_config: null, loftq_config: {}, use_bdlora: null, eva_config: null },
    ],
  ])('%s: the targets are where tensors are', async (_, change) => {
    const dir = await mkdtemp(join(folder, 'targets-'));
    const json = JSON.parse(await readFile(join(goldens, 'theirs/adapter_config.json'), 'utf8')) as object;
    await writeFile(join(dir, 'adapter_config.json'), JSON.stringify({ ...json, ...change }));
    await copyFile(join(goldens, 'theirs/adapter_model.safetensors'), join(dir, 'adapter_model.safetensors'));
    expect((await loadAdapter(dir)).description).toEqual((await loadAdapter(join(goldens, 'theirs'))).description);
  });

  it('merged weights give the same logits', async () => {
    const file = await loadAdapter(join(goldens, 'theirs'));
    const merged = mergeAdapter(config, weights, file);
    expect(worst(run(null, {}, merged).logits, golden['logits']!.data)).toBeLessThan(1e-5);
    expect(merged['model.norm.weight']).toBe(weights['model.norm.weight']);
  });

  it.each([
    [{ use_dora: true }, /use_dora: DoRA is not known/],
    [{ bias: 'all' }, /bias: trained biases are not known \(got "all"\)/],
    [{ rank_pattern: { q_proj: 8 } }, /rank_pattern/],
    [{ target_modules: ['q_proj', 'lm_head'] }, /target_modules: 'lm_head' cannot carry LoRA here; known: q_proj/],
    [
      { target_modules: ['model.layers.0.self_attn.q_proj', 'model.embed_tokens'] },
      /'model\.embed_tokens' cannot carry/,
    ],
    [{ init_lora_weights: 'pissa' }, /init_lora_weights: adapters that started from parts of the base weights/],
    [{ kasa_config: { beta: 1 } }, /kasa_config: this variant of LoRA is not known \(got \{"beta":1\}\)/],
    [{ use_bdlora: true }, /use_bdlora: this variant of LoRA is not known/],
    [{ peft_type: 'IA3' }, /peft_type: only 'LORA'/],
  ])('refuses %j in one line', async (change, message) => {
    const dir = await mkdtemp(join(folder, 'bad-'));
    const json = JSON.parse(await readFile(join(goldens, 'theirs/adapter_config.json'), 'utf8')) as object;
    await writeFile(join(dir, 'adapter_config.json'), JSON.stringify({ ...json, ...change }));
    await writeFile(
      join(dir, 'adapter_model.safetensors'),
      await readFile(join(goldens, 'theirs/adapter_model.safetensors')),
    );
    await expect(loadAdapter(dir)).rejects.toThrow(message);
  });
});

describe('mixtures', () => {
  const router: Router = {
    id: 'toy',
    init: (key, { experts, modelWidth }) => ({
      trainable: { weight: key.normal([experts, modelWidth]) },
      frozen: { edges: key.fold('edges').normal([experts, experts]) },
      state: { bias: key.fold('bias').normal([experts]) },
      warnings: [],
    }),
    route({ trainable }, x_TD) {
      const logits_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D);
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
  };
  const selector: Selector = {
    id: 'dense',
    slots: (experts) => experts,
    select: () => {
      throw new Error('not selected here');
    },
  };

  it('come back with the same tensors; PEFT and merging refuse them', async () => {
    const lora = loraSchema.parse({});
    const mixture = mixtureSchema.parse({ experts: [2, 3], selector: { id: 'dense' } });
    const adapter = createAdapter({ config, lora, mixture, router, selector });
    const init = adapter.init(RandomKey.fromSeed(2));
    const state = { ...init.state, 'coordination.normal.count.0': HostTensor.float([1, 2]) };
    const description = {
      lora,
      mixture,
      router: { id: 'toy' },
      coordination: [{ id: 'normal', coefficient: 8 }],
      baseModel: 'base',
    };
    const dir = join(folder, 'mixture');
    await saveAdapter(dir, { description, tensors: { ...init, state } });
    const written = JSON.parse(await readFile(join(dir, 'adapter_config.json'), 'utf8')) as { peft_type: string };
    expect(written.peft_type).toBe('GMOE');
    const loaded = await loadAdapter(dir);
    expect(loaded.description).toEqual(description);
    const start = adapterStart(adapter, adapter.init(RandomKey.fromSeed(99)), loaded);
    expect(start.trainable).toEqual(init.trainable);
    expect(start.frozen).toEqual(init.frozen);
    expect(start.state).toEqual(init.state);
    expect(() => mergeAdapter(config, weights, loaded)).toThrow(/routed mixture.*Only plain LoRA merges/);
    const other = createAdapter({ config, lora: null, mixture, router, selector });
    expect(() => adapterStart(other, other.init(RandomKey.fromSeed(0)), loaded)).toThrow(
      /adapter tensor 'model\.layers\.0\.self_attn\.q_proj\.lora_A\.weight' has no place/,
    );
  });
});
