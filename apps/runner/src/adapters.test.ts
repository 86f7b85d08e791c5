import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityHash, type JsonObject } from '@gmoe/experiment';
import { readSafetensors, writeSafetensors } from '@gmoe/model';
import * as presets from '@gmoe/presets';
import { loadResults } from '@gmoe/report';
import { describe, expect, it } from 'vitest';
import { schema } from './components.js';
import { publishedFolder } from './testing/published-folder.js';
import { gmoeHere, setUpGmoe } from './testing/run-gmoe.js';

const resolve = (trial: JsonObject) => schema.resolve({ task: { id: 'openstax-topics' }, ...trial }, 'a.yaml');
const router = { id: 'linear' };

describe('the adapter of a config', () => {
  it('without an id is moe-lora, and lora where the mixture is null', () => {
    const written = { rank: 3, targets: ['v_proj'] };
    const plain = resolve({ adapter: { lora: written, mixture: null } });
    expect(plain).toEqual(resolve({ adapter: { id: 'lora', ...written } }));
    expect(plain.adapter).toMatchObject({ id: 'lora', ...written, alpha: 8, layers: null, modulesToSave: [] });
    const mixture = { experts: 4 };
    const mixed = resolve({ router, adapter: { lora: null, mixture } });
    expect(mixed).toEqual(resolve({ router, adapter: { id: 'moe-lora', lora: null, mixture } }));
    expect(mixed.adapter).toMatchObject({ lora: null, mixture: { experts: 4, selector: { id: 'top-k', k: 2 } } });
    expect(resolve({ router }).adapter.id).toBe('moe-lora');
    // A preset's mixture, with a null over it.
    expect(resolve({ adapter: { id: 'moe-lora', lora: written, mixture: null } })).toEqual(plain);
    for (const preset of Object.values(presets)) expect(() => resolve(preset.create().trial)).not.toThrow();
  });

  it('on a base in 8 bits is another trial; float32 that is written out is not', () => {
    const hash = (base: string | JsonObject) => identityHash(schema.identify(resolve({ router, base })));
    const plain = hash('bundled');
    expect(hash({ path: 'bundled' })).toBe(plain);
    expect(hash({ path: 'bundled', weights: 'float32' })).toBe(plain);
    expect(hash({ weights: 'int8' })).toBe(hash({ path: 'bundled', weights: 'int8' }));
    expect(hash({ weights: 'int8' })).not.toBe(plain);
    expect(hash({ path: 'models/openstax-2m', weights: 'int8' })).not.toBe(plain);
    expect(() => resolve({ router, base: { weights: 'int4' } })).toThrow(/^a\.yaml: base/);
    expect(() => resolve({ router, base: { path: '/nowhere', weights: 'int8' } })).toThrow(
      /^a\.yaml: base\.path: is no model folder/,
    );
    expect(() => resolve({ router, base: { weights: 'int8' }, engine: { device: 'cuda' } })).toThrow(
      /^a\.yaml: base\.weights: must be float32 on engine\.device cuda: .*\(got "int8"\)$/,
    );
  });

  it.each<[JsonObject, RegExp]>([
    [
      { adapter: { lora: null, mixture: null } },
      /^a\.yaml: adapter: lora and mixture are both null: nothing would train/,
    ],
    [{ adapter: { id: 'dor' } }, /^a\.yaml: adapter\.id: unknown adapter; did you mean 'dora'\? known: /],
    [{ adapter: { id: 'dora', rnk: 4 } }, /^a\.yaml: adapter: Unrecognized key: "rnk"/],
    [
      { adapter: { id: 'dora' }, router },
      /^a\.yaml: router: must be null, since the adapter 'dora' has nothing to route/,
    ],
    [{ adapter: { id: 'hydra-lora' } }, /^a\.yaml: router: must name a router, since the adapter 'hydra-lora' routes/],
    [
      { adapter: { id: 'lora' }, coordination: [{ id: 'poisson' }] },
      /^a\.yaml: coordination: must be empty, since the adapter 'lora' has nothing to route/,
    ],
    [
      { router, adapter: { mixture: { experts: 2, selector: { id: 'top-k', k: 3 } } } },
      /^a\.yaml: adapter\.mixture\.selector\.k: must be at most the experts of a layer \(2\).*\(got 3\)$/,
    ],
    [
      { router, adapter: { mixture: { routing: 'projection' } } },
      /^a\.yaml: adapter\.mixture\.form: must be additive beside routing 'projection'.*\(got "ffn"\)$/,
    ],
    [
      { adapter: { id: 'lora', targets: '.*q_proj', layers: [0] } },
      /^a\.yaml: adapter\.layers: must be null beside a regular expression in targets.*\(got \[0\]\)$/,
    ],
  ])('refuses %j in one line', (trial, message) => {
    expect(() => resolve(trial)).toThrow(message);
  });
});

describe('a trial with DoRA', () => {
  const { gmoe, folder } = setUpGmoe();

  it('trains, and its folder is evaluated, merged and continued', async () => {
    const out = join(folder(), 'dora');
    const plain = [
      'adapter={id: dora, rank: 2, targets: [v_proj, down_proj], modulesToSave: [lm_head]}',
      'router=null',
    ];
    const short = ['coordination=[]', 'training.steps=2', 'training.sequenceLength=64', 'task.testLimit=6'];
    const set = [...plain, ...short].map((each) => `--set=trial.${each}`);
    const trained = await gmoe(['train', 'experiments/tiny-trial.yaml', '--out', out, ...set]);
    expect(trained.stderr).toBe('');
    const [record] = loadResults(out).trials;
    const home = publishedFolder(out, record!);
    const adapter = join(home, 'adapter');
    const config = JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ peft_type: 'LORA', use_dora: true, r: 2, modules_to_save: ['lm_head'] });

    const merged = join(folder(), 'merged');
    const stdout = (await gmoeHere(['merge', adapter, merged])).stdout;
    expect(stdout).toContain('dora of rank 2 on v_proj, down_proj folded in');
    const json = JSON.parse(readFileSync(join(merged, 'config.json'), 'utf8')) as object;
    expect(json).toMatchObject({ tie_word_embeddings: false });
    const prompt = ['--prompt', 'The cell', '--max-tokens', '8'];
    const continued = await gmoeHere(['generate', '--adapter', adapter, ...prompt]);
    expect(continued.code).toBe(0);
    expect((await gmoeHere(['generate', '--base', merged, ...prompt])).stdout).toBe(continued.stdout);
  }, 120_000);

  it('on a base in 8 bits, its folder says so, and is evaluated and continued on one', async () => {
    const out = join(folder(), 'int8');
    const short = ['coordination=[]', 'training.steps=2', 'training.sequenceLength=64', 'task.testLimit=6'];
    const set = ['adapter={id: lora, rank: 2}', 'router=null', 'base={weights: int8}', ...short];
    const trained = await gmoe([
      'train',
      'experiments/tiny-trial.yaml',
      '--out',
      out,
      ...set.map((each) => `--set=trial.${each}`),
    ]);
    expect(trained.stderr).toBe('');
    const [record] = loadResults(out).trials;
    expect(record!.config!['base']).toEqual({ path: 'bundled', weights: 'int8' });
    const adapter = join(publishedFolder(out, record!), 'adapter');
    const { metadata } = await readSafetensors(join(adapter, 'adapter_model.safetensors'));
    expect(metadata).toMatchObject({ 'gmoe.base_weights': 'int8' });

    const scored = (...more: string[]) =>
      gmoeHere(['eval', '--adapter', adapter, '--task', 'openstax-topics', '--limit', '6', ...more]);
    const [same, said, floats] = [await scored(), await scored('--weights=int8'), await scored('--weights=float32')];
    expect(same.code).toBe(0);
    expect(same.stdout).toBe(said.stdout);
    const loss = ({ stdout }: { stdout: string }) => Number(/eval\/loss +(\S+)/.exec(stdout)?.[1]);
    expect(loss(floats)).not.toBe(loss(same));
    expect(Math.abs(loss(floats) / loss(same) - 1)).toBeLessThan(0.01);
    const prompt = ['--prompt', 'The cell', '--max-tokens', '4'];
    expect((await gmoeHere(['generate', '--adapter', adapter, '--compute', 'int8', ...prompt])).code).toBe(0);
    const merged = await gmoeHere(['merge', adapter, join(folder(), 'merged-int8')]);
    expect(merged.stderr).toContain('was trained on a base in 8 bits; it is folded into the float32 weights');
    expect(await gmoeHere(['generate', '--adapter', adapter, '--device', 'webgpu', ...prompt])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--device webgpu: weights in 8 bits are for the cpu') as string,
    });
  }, 120_000);

  it('an adapter folder says what is missing where its components are', async () => {
    const dir = join(folder(), 'dora', 'alien');
    mkdirSync(dir, { recursive: true });
    const gmoeSection = {
      formatVersion: 2,
      adapter: { id: 'moe-lora' },
      router: { id: 'mine' },
      coordination: [],
      components: [
        { kind: 'router', id: 'mine' },
        { kind: 'selector', id: 'pick' },
      ],
    };
    writeFileSync(join(dir, 'adapter_config.json'), JSON.stringify({ peft_type: 'GMOE', gmoe: gmoeSection }));
    await writeSafetensors(join(dir, 'adapter_model.safetensors'), {});
    const { code, stderr } = await gmoeHere(['generate', '--adapter', dir, '--prompt', 'a']);
    expect(stderr).toBe(
      `gmoe: ${join(dir, 'adapter_config.json')}: needs what is not known here: router 'mine', selector 'pick'; name the plug-in that has it\n`,
    );
    expect(code).toBe(2);
  });
});
