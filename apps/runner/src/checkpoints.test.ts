import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSafetensors } from '@gmoe/model';
import { loadResults } from '@gmoe/report';
import { beforeAll, describe, expect, it } from 'vitest';
import { lettersOf, peftGoldens, writeLetterModel } from './testing/letter-model.js';
import { publishedFolder } from './testing/published-folder.js';
import { gmoeHere, setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder } = setUpGmoe();

/** Runs a command that must succeed. */
async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await gmoeHere(args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

const numberAfter = (label: string, text: string): number => Number(new RegExp(`${label} +(\\S+)`).exec(text)![1]);

describe('a PEFT adapter on a small Llama', () => {
  let base: string;
  /** Row 0 of what PEFT computed. */
  let ids: number[];
  let logits: Float32Array[];
  beforeAll(async () => {
    base = writeLetterModel(join(folder(), 'letters'));
    const { tensors } = await readSafetensors(peftGoldens.logits);
    ids = Array.from(tensors['ids']!.data.subarray(0, 7));
    logits = ids.map((_, t) => tensors['logits']!.data.slice(19 * t, 19 * (t + 1)) as Float32Array);
  });
  const likeliest = (row: Float32Array) => row.indexOf(Math.max(...row));

  it("is continued as PEFT's logits say, at every position", async () => {
    for (const [t, row] of logits.entries()) {
      const prompt = lettersOf(ids.slice(0, t + 1));
      const args = ['--base', base, '--adapter', peftGoldens.adapter, '--prompt', prompt, '--max-tokens', '1'];
      expect(await run('generate', ...args)).toBe(`${prompt}${lettersOf([likeliest(row)])}\n`);
    }
  });

  it("is scored by the bits of PEFT's logits", async () => {
    let bits = 0;
    for (let t = 1; t < 7; t++) {
      const row = Array.from(logits[t - 1]!);
      bits += (Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[ids[t]!]!) / Math.LN2;
    }
    const text = join(folder(), 'letters.txt');
    writeFileSync(text, lettersOf(ids));
    const stdout = await run('perplexity', '--base', base, '--adapter', peftGoldens.adapter, '--text', text);
    expect(numberAfter('bits per token', stdout)).toBeCloseTo(bits / 6, 3);
    expect(numberAfter('bits per byte', stdout)).toBeCloseTo(bits / 7, 3);
    expect(numberAfter('bits per character', stdout)).toBeCloseTo(bits / 7, 3);
    expect(stdout).toContain('6 tokens predicted, 7 bytes, 7 characters');
    expect(stdout).toContain('one, the whole text');
  });

  it('merges into a model of its own that writes and scores the same', async () => {
    const merged = join(folder(), 'new', 'merged');
    const carried = {
      'generation_config.json': '{ "top_k":  3 }',
      'chat_template.jinja': '{{ messages }}\n',
      'special_tokens_map.json': '{}',
      'tokenizer.model': 'x',
    };
    for (const [name, text] of Object.entries(carried)) writeFileSync(join(base, name), text);
    const configOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')) as object;
    const ends = { eos_token_id: [17, 18], pad_token_id: 0 };
    writeFileSync(join(base, 'config.json'), JSON.stringify({ ...configOf(base), ...ends }));
    expect(await run('merge', peftGoldens.adapter, merged, '--base', base)).toContain('rank 3 on q_proj');
    for (const [name, text] of Object.entries(carried)) expect(readFileSync(join(merged, name), 'utf8')).toBe(text);
    expect(readdirSync(merged).sort()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer.model',
      'tokenizer_config.json',
    ]);
    expect(configOf(merged)).toMatchObject(ends);
    const prompt = ['--prompt', lettersOf(ids), '--max-tokens', '20'];
    const adapted = ['--base', base, '--adapter', peftGoldens.adapter];
    const text = await run('generate', '--base', merged, ...prompt);
    expect(text).toBe(await run('generate', ...adapted, ...prompt));
    expect(text).not.toBe(await run('generate', '--base', base, ...prompt));
    const file = join(folder(), 'merged.txt');
    writeFileSync(file, lettersOf(ids));
    expect(numberAfter('bits per token', await run('perplexity', '--base', merged, '--text', file))).toBeCloseTo(
      numberAfter('bits per token', await run('perplexity', ...adapted, '--text', file)),
      3,
    );
    // A folder with something in it is never written into.
    const again = await gmoeHere(['merge', peftGoldens.adapter, merged, '--base', base]);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toBe(`gmoe: ${merged}: is not empty; name a new folder\n`);
  });

  it('refuses adapters of another base, and folders that are none, without writing anything', async () => {
    const out = join(folder(), 'refused');
    const damaged = join(folder(), 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'adapter_config.json'), readFileSync(join(peftGoldens.adapter, 'adapter_config.json')));
    writeFileSync(
      join(damaged, 'adapter_model.safetensors'),
      readFileSync(join(peftGoldens.adapter, 'adapter_model.safetensors')).subarray(0, 3000),
    );
    for (const [args, message] of [
      [
        ['merge', peftGoldens.adapter, out, '--base', 'bundled'],
        /adapter tensor 'model\.layers\.0\..*' has shape \[\d+, \d+\], this base model needs \[\d+, \d+\]/,
      ],
      [
        ['merge', damaged, out, '--base', base],
        /adapter_model\.safetensors: the header claims \d+ bytes, but the file has 3000 \(truncated/,
      ],
      [['merge', join(folder(), 'none'), out], /none\/adapter_config\.json: cannot be read: ENOENT/],
      [['merge', peftGoldens.adapter, out, '--base', base, '--floats', 'F8'], /--floats: .*\(got "F8"\)/],
      [
        ['merge', peftGoldens.adapter, join(damaged, 'adapter_config.json', 'x'), '--base', base],
        /cannot be (made|written)/,
      ],
      [
        ['generate', '--adapter', peftGoldens.adapter, '--prompt', 'a', '--base', '/nowhere'],
        /'\/nowhere' is no model/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await gmoeHere(args);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stdout).toBe('');
      expect(code).toBe(2);
      expect(existsSync(out)).toBe(false);
    }
  });
});

describe('a routed mixture', () => {
  let adapter: string;
  beforeAll(async () => {
    const out = join(folder(), 'mixture');
    const short = ['--set=trial.training.steps=8', '--set=trial.task.testLimit=8'];
    expect((await gmoe(['train', 'experiments/tiny-trial.yaml', '--out', out, ...short])).code).toBe(0);
    const [record] = loadResults(out).trials;
    const home = publishedFolder(out, record!);
    adapter = join(home, 'adapter');
  }, 120_000);

  it('writes text and scores it, other than its base does', async () => {
    const text = join(folder(), 'cell.txt');
    writeFileSync(text, 'The cell membrane lets some molecules pass and keeps others out.');
    const bits = async (...args: string[]) =>
      numberAfter('bits per character', await run('perplexity', '--text', text, ...args));
    const [bare, adapted] = [await bits(), await bits('--adapter', adapter)];
    expect(bare).toBeLessThan(3);
    expect(adapted).not.toBeCloseTo(bare, 2);
    const prompt = ['--prompt', 'The cell', '--max-tokens', '12', '--adapter', adapter];
    const whole = await run('generate', ...prompt);
    expect(whole).toMatch(/^The cell.{10,}\n$/s);
    expect(await run('generate', ...prompt, '--stream')).toBe(whole);
    const drawn = (seed: string) => run('generate', ...prompt, '--temperature', '1', '--top-p', '0.9', '--seed', seed);
    expect(await drawn('1')).toBe(await drawn('1'));
    expect(await drawn('1')).not.toBe(await drawn('2'));
    // So little probability that one token alone is left of each draw.
    expect(await run('generate', ...prompt, '--temperature', '1', '--top-p', '1e-9')).toBe(whole);
  }, 60_000);

  it('is not merged, with the reason', async () => {
    const out = join(folder(), 'unmerged');
    const { code, stderr } = await gmoeHere(['merge', adapter, out]);
    expect(stderr).toBe(
      "gmoe: merge: the adapter 'moe-lora' holds a routed mixture, whose update differs from token to token: no single weight matrix equals it. Only plain LoRA and DoRA merge\n",
    );
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

const shared = resolve(process.env['GMOE_SHARED'] ?? '../shared', 'data', 'models', 'stories260K');
if (!existsSync(shared))
  process.emitWarning('skipped: models/stories260K is not in the shared data folder (GMOE_SHARED)');

describe.skipIf(!existsSync(shared))('stories260K', () => {
  const story =
    'Once upon a time, there was a little girl named Lily. She loved to play with her toys and her friends. One day, Lily and her ' +
    'mommy went to the park to play. They saw a big tree with lots of leaves. Lily wanted to climb the tree, but her mommy said no. ' +
    'Lily was sad and started to cry. Her mommy said, "Don\'t worry, we can play with the ball." Lily was happy and they played with ' +
    'the ball all day long.';

  it('is converted, needs about 0.3 bits a character for a story, and tells one', async () => {
    const model = join(folder(), 'stories');
    expect(await run('convert', 'llama2c', join(shared, 'stories260K.bin'), join(shared, 'tok512.bin'), model)).toBe(
      `${model}: llama, 260032 parameters, 5 layers, vocabulary 512\n`,
    );
    const text = join(folder(), 'story.txt');
    writeFileSync(text, story);
    const bits = numberAfter('bits per character', await run('perplexity', '--base', model, '--text', text));
    expect(bits).toBeCloseTo(0.297, 2);
    const told = await run('generate', '--base', model, '--prompt', 'Once upon a time', '--max-tokens', '200');
    expect(told).toMatch(/^Once upon a time, there was a little girl named Lily\. She loved to play/);
    // Words of stories, no broken pieces.
    expect(told).toMatch(/^[A-Za-z ,.!?"'\n]+$/);
  });

  it('leaves nothing behind where a file is cut', async () => {
    const cut = join(folder(), 'cut.bin');
    writeFileSync(cut, readFileSync(join(shared, 'stories260K.bin')).subarray(0, 5000));
    const out = join(folder(), 'deep', 'er', 'cut');
    for (const [args, message] of [
      [['convert', 'llama2c', cut, join(shared, 'tok512.bin'), out], /has 5000 bytes, its header asks for 1056540/],
      [['convert', 'gguf', cut, out], /is not a GGUF file/],
      [['convert', 'llama2c', 'none.bin', join(shared, 'tok512.bin'), out], /none\.bin: cannot be read/],
    ] as const) {
      const { code, stderr } = await gmoeHere(args);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
      expect(existsSync(join(folder(), 'deep'))).toBe(false);
    }
  });
});

describe('bad input', () => {
  it('a prompt beyond the positions of the model, and one of no token', async () => {
    const long = await gmoeHere(['generate', '--prompt', 'x '.repeat(2000)]);
    expect(long).toMatchObject({ code: 2, stdout: '' });
    expect(long.stderr).toMatch(/^gmoe: generate: the prompt has \d+ tokens, the model takes up to 511\n$/);
    const base = writeLetterModel(join(folder(), 'no-bos'));
    expect((await gmoeHere(['generate', '--prompt', '', '--base', base])).stderr).toMatch(
      /^gmoe: generate: the prompt is empty/,
    );
  });

  it.each([
    [['generate', '--base', '/nowhere', '--prompt', 'x'], /base: '\/nowhere' is no model folder/],
    [['generate', '--prompt', 'x', '--max-tokens', '0'], /--max-tokens: .*\(got "0"\)/],
    [['generate', '--prompt', 'x', '--top-p', '1.5'], /--top-p: /],
    [['perplexity', '--text', 'none.txt'], /--text: none\.txt: cannot be read: ENOENT/],
    [['perplexity', '--text', 'models/openstax-2m/model.safetensors'], /model\.safetensors: is not UTF-8/],
    [['perplexity', '--text', 'README.md', '--stride', '600'], /stride: 600 must be below sequenceLength 512/],
    [['convert', 'llama2c', 'LICENSE', 'LICENSE', 'tmp/never'], /LICENSE: .*llama2\.c/],
    [['pull', 'no id'], /'no id' is no id of the hub; allowed: ORG\/NAME, datasets\/ORG\/NAME/],
  ])('%j: one line, exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await gmoeHere(args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync('tmp/never')).toBe(false);
  });
});
