import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterStart, loadAdapter, saveAdapter, type Adapter, type AdapterFile } from '@gmoe/adapters-core';
import { forwardAndGradients, peftBase, peftGoldens, peftTensors } from '@gmoe/adapters-core/testing';
import { parseOptions, type Json } from '@gmoe/core';
import { readSafetensors, writeSafetensors } from '@gmoe/model';
import { RandomKey } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLora, loraSchema, type LoraOptions } from './index.js';

type Base = Awaited<ReturnType<typeof peftBase>>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peft-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The adapter of a folder, ready to run on a base. */
async function attach(dir: string, base: Base): Promise<{ adapter: Adapter; file: AdapterFile; options: LoraOptions }> {
  const file = await loadAdapter(dir);
  const { id, ...written } = file.description.adapter;
  expect(id).toBe('lora');
  const options = parseOptions(loraSchema, written, id);
  return { adapter: createLora(options, base.config), file, options };
}

const start = (adapter: Adapter, base: Base, file: AdapterFile) =>
  adapterStart(adapter, adapter.init(RandomKey.fromSeed(0), base.weights), file);

/** A copy of a golden's folder with another config, or other tensors. */
async function variant(
  name: string,
  change: Readonly<Record<string, Json>>,
  rename: (key: string) => string = (key) => key,
): Promise<string> {
  const dir = await mkdtemp(join(folder, 'variant-'));
  const json = JSON.parse(await readFile(join(peftGoldens, name, 'adapter_config.json'), 'utf8')) as object;
  await writeFile(join(dir, 'adapter_config.json'), JSON.stringify({ ...json, ...change }));
  const { tensors } = await readSafetensors(join(peftGoldens, name, 'adapter_model.safetensors'));
  const renamed = Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [rename(key), tensor]));
  await writeSafetensors(join(dir, 'adapter_model.safetensors'), renamed);
  return dir;
}

describe.each([
  ['theirs', 'base', { rank: 3, alpha: 5, dropout: 0.1, scaling: 'rslora' }],
  [
    'patterns',
    'base',
    {
      rank: 2,
      alpha: 4,
      // Two patterns match layer 0's: written out, module by module.
      rankPattern: {
        'model\\.layers\\.0\\.mlp\\.up_proj': 4,
        'model\\.layers\\.1\\.mlp\\.up_proj': 3,
      },
      alphaPattern: { '.*self_attn.v_proj': 9, down_proj: 1 },
    },
  ],
  ['some-layers', 'base-bias', { rank: 2, alpha: 6, layers: [1], rankPattern: { k_proj: 3 } }],
  ['regex', 'base', { rank: 2, alpha: 6 }],
  ['saved-embedding', 'base', { rank: 2, alpha: 4, modulesToSave: ['model.embed_tokens'] }],
  ['saved-both', 'base', { rank: 2, alpha: 4, modulesToSave: ['lm_head', 'model.embed_tokens'] }],
])("PEFT's adapter '%s'", (name, baseName, expected) => {
  it('has its options, logits, loss and gradients; merged weights give the same logits', async () => {
    const base = await peftBase(baseName);
    const { adapter, file, options } = await attach(join(peftGoldens, name), base);
    expect(options).toMatchObject(expected);
    const tensors = start(adapter, base, file);
    const golden = await peftTensors(name);
    const got = await forwardAndGradients('compiled', adapter, base.weights, tensors, golden['ids']!);
    expect(relativeError(got.logits.data, golden['logits']!.data)).toBeLessThan(1e-5);
    expect(Math.abs(got.loss.item() / golden['loss']!.item() - 1)).toBeLessThan(1e-5);
    const gradients = Object.keys(golden).filter((key) => key.startsWith('grad.'));
    expect(Object.keys(got.gradients).sort()).toEqual(gradients.map((key) => key.slice('grad.'.length)).sort());
    for (const [key, gradient] of Object.entries(got.gradients)) {
      expect(relativeError(gradient.data, golden[`grad.${key}`]!.data), key).toBeLessThan(1e-4);
    }

    const merged = adapter.merge!(base.weights, tensors);
    const bare: Adapter = { config: adapter.config, init: adapter.init, bind: () => ({ hooks: {} }) };
    const nothing = { trainable: {}, frozen: {}, state: {} };
    const folded = await forwardAndGradients('eager', bare, merged, nothing, golden['ids']!);
    expect(relativeError(folded.logits.data, golden['logits']!.data)).toBeLessThan(1e-5);
  });
});

describe('an adapter written here', () => {
  const cases = [
    ['ours', { rank: 2, alpha: 6, targets: ['q_proj', 'v_proj', 'down_proj'] }],
    [
      'ours-patterns',
      {
        rank: 2,
        alpha: 6,
        targets: ['q_proj', 'layers.1.mlp.up_proj'],
        scaling: 'rslora',
        rankPattern: { 'layers\\.0\\..*': 4 },
        alphaPattern: { up_proj: 3 },
      },
    ],
    ['ours-saved', { rank: 2, alpha: 6, layers: [1], modulesToSave: ['lm_head'] }],
  ] as const;

  it.each(cases)("%s is the one that PEFT loaded, and gives PEFT's logits", async (name, written) => {
    const base = await peftBase();
    const options = loraSchema.parse(written);
    const adapter = createLora(options, base.config);
    const drawn = adapter.init(RandomKey.fromSeed(4), base.weights);
    // B starts at zero: draw it too, so that the adapter does something.
    const trainable = Object.fromEntries(
      Object.entries(drawn.trainable).map(([key, { shape }]) => [
        key,
        RandomKey.fromSeed(8).fold(key).normal(shape, 0, 0.4),
      ]),
    );
    const description = {
      adapter: { id: 'lora', ...options },
      router: null,
      coordination: [],
      components: [],
      baseModel: null,
    };
    const target = process.env['GMOE_UPDATE_GOLDENS'] ? join(peftGoldens, name) : join(folder, name);
    await saveAdapter(target, adapter, { description, tensors: { trainable, frozen: {}, state: {} } });
    for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
      expect((await readFile(join(target, file))).equals(await readFile(join(peftGoldens, name, file)))).toBe(true);
    }
    const again = await attach(target, base);
    const tensors = start(again.adapter, base, again.file);
    expect(tensors.trainable).toEqual(trainable);
    const want = (await peftTensors(`${name}-logits`))['logits']!;
    const ids = (await peftTensors('theirs'))['ids']!;
    const got = await forwardAndGradients('eager', again.adapter, base.weights, tensors, ids);
    expect(relativeError(got.logits.data, want.data)).toBeLessThan(1e-5);
  });
});

describe('names and lists of other writers', () => {
  it.each<[string, Record<string, Json>, ((key: string) => string)?]>([
    ['the name of the adapter in keys', {}, (key) => key.replace(/lora_([AB])/, 'lora_$1.default')],
    ['keys without base_model.model.', {}, (key) => key.replace('base_model.model.', '')],
    ['keys with one model. less', {}, (key) => key.replace('model.model.layers', 'model.layers')],
    [
      'empty lists, which mean none',
      {
        layers_to_transform: [],
        target_parameters: [],
        modules_to_save: [],
        layer_replication: [],
        exclude_modules: [],
        rank_pattern: {},
        trainable_token_indices: [],
        alora_invocation_tokens: [],
        layers_pattern: [],
      },
    ],
    [
      "the newest version's own fields, off",
      { kasa_config: null, loftq_config: {}, use_bdlora: null, eva_config: null, velora_config: null },
    ],
  ])('%s: the same adapter', async (_, change, rename) => {
    const dir = await variant('theirs', change, rename);
    expect(await loadAdapter(dir)).toEqual(await loadAdapter(join(peftGoldens, 'theirs')));
  });

  it.each<[string, Json]>([
    ['paths, as all-linear is saved', ['model.layers.0.self_attn.q_proj', 'model.layers.1.mlp.up_proj']],
    ['a pattern', '.*_proj'],
  ])('%s: the targets are where tensors are', async (_, target_modules) => {
    const { adapter } = (await loadAdapter(await variant('theirs', { target_modules }))).description;
    const plain = (await loadAdapter(join(peftGoldens, 'theirs'))).description.adapter;
    expect(adapter).toEqual({ ...plain, layers: [0, 1] });
  });

  it('a whole embedding beside LoRA is known without modules_to_save, as after resizing', async () => {
    const { description } = await loadAdapter(await variant('saved-embedding', { modules_to_save: null }));
    expect(description.adapter['modulesToSave']).toEqual(['model.embed_tokens']);
  });
});

describe('what is not known', () => {
  it.each<[Record<string, Json>, RegExp]>([
    [{ bias: 'all' }, /bias: trained biases are not known; train with bias: 'none' \(got "all"\)/],
    [{ target_modules: ['q_proj', 'lm_head'] }, /target_modules: 'lm_head' cannot carry LoRA here; .*modules_to_save/],
    [{ target_modules: ['model.layers.0.self_attn.q_proj', 'model.norm'] }, /'model\.norm' cannot carry LoRA here/],
    [{ init_lora_weights: 'pissa' }, /init_lora_weights: adapters that started from parts of the base weights/],
    [{ kasa_config: { beta: 1 } }, /kasa_config: this variant of LoRA is not known; merge .* \(got \{"beta":1\}\)/],
    [{ use_bdlora: true }, /use_bdlora: this variant of LoRA is not known/],
    [{ use_qalora: true }, /use_qalora: this variant of LoRA is not known/],
    [{ ensure_weight_tying: true }, /ensure_weight_tying: a trained embedding that stays tied/],
    [
      { trainable_token_indices: [3] },
      /trainable_token_indices: trained embeddings of single tokens are not known; train/,
    ],
    [{ layer_replication: [[0, 1]] }, /layer_replication: replicated layers are not known; merge/],
    [{ peft_type: 'IA3' }, /peft_type: only 'LORA'/],
    [{ rank_pattern: { '[': 4 } }, /'\[' is no regular expression/],
    [{ rank_pattern: { '(.*)*(.*)*z': 4 } }, /'\(\.\*\)\*.*' repeats a part that can match in several ways/],
    [{ r: 5_000_000 }, /r: Too big: expected number to be <=4096/],
  ])('refuses %j in one line', async (change, message) => {
    await expect(loadAdapter(await variant('theirs', change))).rejects.toThrow(message);
  });

  it.each<[string, (key: string) => string, RegExp]>([
    ['LoRA on the embedding', () => 'base_model.model.model.embed_tokens.lora_embedding_A', /modules_to_save/],
    ['LoRA on the head', () => 'base_model.model.lm_head.lora_A.weight', /expected base_model\.model\.model\.layers/],
    ['two adapters', (key) => `${key}|`, /two tensors stand for/],
  ])('refuses tensors of %s', async (kind, renamed, message) => {
    const first = 'base_model.model.model.layers.0.mlp.down_proj.lora_A.weight';
    const dir = await variant('theirs', {}, (key) => {
      if (kind === 'two adapters')
        return key
          .replace('layers.1', 'layers.0')
          .replace(/lora_([AB])/, `lora_$1.${key.includes('layers.1') ? 'b' : 'a'}`);
      return key === first ? renamed(key) : key;
    });
    await expect(loadAdapter(dir)).rejects.toThrow(message);
  });

  it('names pickled tensors and what to do', async () => {
    const dir = await variant('theirs', {});
    await rename(join(dir, 'adapter_model.safetensors'), join(dir, 'adapter_model.bin'));
    await expect(loadAdapter(dir)).rejects.toThrow(/adapter_model\.bin: is not read: save .*safe_serialization=True/);
  });

  it('refuses a rank that the tensors do not have, and options that match nothing', async () => {
    const base = await peftBase();
    const { adapter, file } = await attach(await variant('theirs', { rank_pattern: { q_proj: 8 } }), base);
    expect(() => start(adapter, base, file)).toThrow(/q_proj\.lora_A\.weight' has shape \[3, 8\].* needs \[8, 8\]/);
    const create = (options: object) => () => createLora(loraSchema.parse(options), base.config);
    expect(create({ layers: [2] })).toThrow(/layers: 2 is no layer of this model; allowed: 0 to 1/);
    expect(create({ targets: ['layers.4.mlp.up_proj'] })).toThrow(/matches no linear layer/);
    expect(create({ targets: ['q_proj', 'mlp.v_proj'] })).toThrow(/'mlp\.v_proj' matches no linear layer/);
    expect(create({ targets: 'q_proj' })).toThrow(/'q_proj' matches no linear layer; paths are like model\.layers\.0/);
    expect(create({ rankPattern: { up_proj: 2 } })).toThrow(/rankPattern: 'up_proj' matches none of the targeted/);
    expect(create({ alphaPattern: { q_proj: 2, '.*_proj': 3 } })).toThrow(/both match model\.layers\.0.*allowed: one/);
    expect(create({ modulesToSave: ['head'] })).toThrow(/modulesToSave: 'head' is no module of this model; lm_head/);
    expect(loraSchema.safeParse({ targets: ['q_prj'] }).success).toBe(false);
  });
});
