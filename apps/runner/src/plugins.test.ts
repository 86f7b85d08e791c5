import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeLab } from './testing/lab.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder } = setUpGmoe();
const lab = () => join(folder(), 'lab');
const sweep = (...more: string[]) =>
  gmoe(['sweep', join(lab(), 'sweep.yaml'), '--out', join(folder(), 'run'), '--jobs', '2', ...more]);
const plan = () => gmoe(['plan', join(lab(), 'sweep.yaml'), '--out', join(folder(), 'run')]);

describe('components in files of one’s own', () => {
  it('pass the contract suite of their kind', async () => {
    writeLab(folder());
    const { code, stdout } = await gmoe([
      'check',
      ...['my-router.ts', 'my-loss.ts', 'my-family.ts'].map((file) => join(lab(), file)),
    ]);
    expect(stdout).toContain("router 'scaled'");
    expect(stdout).toContain('three: gradients equal central differences');
    expect(stdout).toContain("coordination strategy 'spread'");
    expect(stdout).toContain("model family 'shout'");
    expect(stdout).toContain('all checks hold');
    expect(code).toBe(0);
  }, 120_000);

  it('fail it where they break it, with the check named', async () => {
    const broken = join(lab(), 'broken.ts');
    const source = readFileSync(join(lab(), 'my-router.ts'), 'utf8');
    writeFileSync(broken, source.replace('probs_TE: tf.softmax(logits_TE)', 'probs_TE: tf.sigmoid(logits_TE)'));
    const { code, stdout } = await gmoe(['check', broken]);
    expect(stdout).toMatch(/FAILED defaults: 2 experts: probabilities.*: sum of token 0's probabilities/);
    expect(code).toBe(1);
  }, 120_000);

  it('run in a sweep with two workers; an edit is noticed; an arm is run again by its name', async () => {
    const first = await sweep();
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    const results = async () => {
      const { stdout } = await gmoe(['report', join(folder(), 'run'), '--format', 'json']);
      return JSON.parse(stdout) as { notes: string[]; trials: { finished: number } };
    };
    expect((await results()).trials.finished).toBe(2);
    expect((await plan()).stdout).not.toContain('was edited');

    const edited = join(lab(), 'start.ts');
    writeFileSync(edited, readFileSync(edited, 'utf8').replace('0.02', '0.03'));
    const said = /router 'scaled' \(.*my-router.ts\) was edited after 1 finished trial: .* --rerun "mine"/;
    expect((await plan()).stdout).toMatch(said);
    expect((await results()).notes[0]).toMatch(said);

    const again = await sweep('--rerun', 'mine');
    expect(again.code).toBe(0);
    expect((await plan()).stdout).not.toContain('was edited');
    expect((await sweep('--rerun', 'mime')).stderr).toMatch(
      /--rerun: no arm .* is named 'mime'; did you mean 'mine'\?/,
    );
  }, 240_000);

  it('belong to their adapters, which name what they need', async () => {
    const { stdout } = await gmoe(['plan', join(lab(), 'sweep.yaml'), '--out', join(folder(), 'run')]);
    const hash = /mine\n\s+([0-9a-f]{16})/.exec(stdout)![1]!;
    const trial = join(folder(), 'run', 'trials', hash);
    const { attempt } = JSON.parse(readFileSync(join(trial, 'result.json'), 'utf8')) as { attempt: string };
    const adapter = join(trial, 'attempts', attempt, 'adapter');
    const args = ['generate', '--adapter', adapter, '--prompt', 'Cells', '--max-tokens', '2'];
    const without = await gmoe(args);
    expect(without.stderr).toMatch(
      /needs the (router 'scaled'|coordination 'spread') of .*, which is not here; load it with --plugin/,
    );
    expect(without.code).toBe(2);
    const plugins = ['--plugin', join(lab(), 'my-router.ts'), '--plugin', join(lab(), 'my-loss.ts')];
    const having = await gmoe([...args, ...plugins]);
    expect(having.stderr).toBe('');
    expect(having.code).toBe(0);
    const task = ['--task', 'openstax-topics', '--set', 'task.testLimit=4', '--sequence-length', '64'];
    const scored = await gmoe(['eval', '--adapter', adapter, ...task, ...plugins]);
    expect(scored.code).toBe(0);
    expect(scored.stdout).toContain('eval/accuracy');
  }, 120_000);

  it.each([
    ['./nowhere.ts', /plugins: .*nowhere.ts: Could not resolve/],
    ['./sweep.yaml', /plugins: .*sweep.yaml/],
  ])('%s is refused in one line', async (file, message) => {
    const { code, stderr } = await gmoe(['check', join(lab(), file)]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('the module gmoe', () => {
  it('plans and runs sweeps, reads results, and runs a router on a tensor', async () => {
    const script = join(lab(), 'script.mjs');
    const surface = join(process.cwd(), 'dist', `test-${process.pid}`, 'gmoe.js');
    writeFileSync(
      script,
      `import { components, createEngine, HostTensor, loadResults, plan, RandomKey, routerKind, sweep } from ${JSON.stringify(surface)};
const file = ${JSON.stringify(join(lab(), 'sweep.yaml'))};
const { trials } = await plan(file);
const results = await sweep(file, { out: ${JSON.stringify(join(folder(), 'run'))}, jobs: 2 });
const router = components.get(routerKind, 'linear').create({});
const spec = { modelWidth: 4, experts: 3, topK: 2, layer: 0 };
const { trainable, frozen, state } = router.init(RandomKey.fromSeed(1), spec);
const engine = await createEngine();
const run = engine.jit((_, params, x_TD, tokenMask_T) => router.route(params, x_TD, { tokenMask_T, training: false }, spec), { name: 'route', frozen: {} });
const out = await run({ trainable, frozen, state }, HostTensor.float([1, 2, 3, 4], [1, 4]), HostTensor.float([1]));
console.log(JSON.stringify({ planned: trials.length, read: (await loadResults(results.directory)).trials.length, sum: out.probs_TE.data.reduce((a, b) => a + b) }));
await engine.dispose();
`,
    );
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(JSON.parse(stdout)).toEqual({ planned: 2, read: 2, sum: expect.closeTo(1, 6) as number });
  }, 120_000);
});
