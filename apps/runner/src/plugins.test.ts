import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SweepStore } from '@gmoe/experiment';
import { canRunSlurm, startSlurm, type RealSlurm } from '@gmoe/experiment/testing';
import { loadResults } from '@gmoe/report';
import { transform } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { writeLab } from './testing/lab.js';
import { publishedFolder } from './testing/published-folder.js';
import { gmoeHere, setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder, program } = setUpGmoe();
const lab = (file = '') => join(folder(), 'lab', file);
const run = () => join(folder(), 'run');
const clusterRun = () => join(folder(), 'cluster');
const OWN = ['my-router.ts', 'my-loss.ts', 'my-optimizer.ts', 'my-adapter.ts'];
const plugins = () => OWN.flatMap((file) => ['--plugin', lab(file)]);
const sweep = (...more: string[]) => gmoe(['sweep', lab('sweep.yaml'), '--out', run(), '--debug', ...more]);
const plan = () => gmoe(['plan', lab('sweep.yaml'), '--out', run()]);

/** The adapter folder of an arm. */
function adapterOf(sweepFolder: string, arm: string): string {
  const record = loadResults(sweepFolder).trials.find((each) => each.trial.arm === arm)!;
  return join(publishedFolder(sweepFolder, record), 'adapter');
}

describe('components in files of one’s own', () => {
  it('pass the contract suite of their kind, or fail it with the check named', async () => {
    writeLab(folder());
    const broken = lab('broken.ts');
    const source = readFileSync(lab('my-router.ts'), 'utf8');
    writeFileSync(
      broken,
      source
        .replace('probs_TE: tf.softmax(logits_TE)', 'probs_TE: tf.sigmoid(logits_TE)')
        .replaceAll("'scaled'", "'broken'"),
    );
    const { code, stdout } = await gmoe(['check', ...[...OWN, 'my-family.ts', 'my-launcher.ts'].map(lab), broken]);
    const [own, other] = stdout.split(/^.*broken.ts:/m) as [string, string];
    for (const what of [
      "router 'scaled'",
      'three: gradients equal central differences',
      "coordination strategy 'spread'",
      "optimizer 'rmsprop'",
      "adapter 'biases'",
      "model family 'shout'",
      "launcher 'plain'",
    ]) {
      expect(own).toContain(what);
    }
    expect(own).not.toContain('FAILED');
    expect(other).toMatch(/FAILED defaults: 2 experts: probabilities.*: sum of token 0's probabilities/);
    expect(code).toBe(1);
  }, 120_000);

  it.each([
    ['./nowhere.ts', /plugins: .*nowhere.ts: Could not resolve/],
    ['./sweep.yaml', /plugins: .*sweep.yaml/],
  ])('%s is refused in one line', async (file, message) => {
    const { code, stderr } = await gmoeHere(['check', lab(file)]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  describe('in a sweep', () => {
    const canCluster = canRunSlurm();
    let slurm: RealSlurm | undefined;
    afterAll(() => slurm?.down());

    it('run with two workers, and in a task of a real Slurm; an edit is noticed; an arm is run again by its name', async () => {
      if (canCluster) slurm = await startSlurm();
      writeFileSync(lab('slurm.yaml'), 'trialsPerTask: 2\nmemoryMiB: 1000\n');
      const onCluster = ['--launcher', 'slurm', '--profile', lab('slurm.yaml'), '--detach'];
      const [first, submitted] = await Promise.all([
        sweep('--jobs', '2'),
        canCluster ? gmoe(['sweep', lab('sweep.yaml'), '--out', clusterRun(), ...onCluster]) : undefined,
      ]);
      expect(first.stderr).toBe('');
      expect(first.code).toBe(0);
      expect(submitted?.stderr ?? '').toBe('');
      expect(loadResults(run()).trials.map(({ result }) => result?.status)).toEqual(['finished', 'finished']);

      writeFileSync(lab('start.ts'), readFileSync(lab('start.ts'), 'utf8').replace('0.02', '0.03'));
      const said = /router 'scaled' \(.*my-router.ts\) was edited after 1 finished trial: .* --rerun "mine"/;
      expect((await plan()).stdout).toMatch(said);
      const { notes } = JSON.parse((await gmoe(['report', run(), '--format', 'json'])).stdout) as { notes: string[] };
      expect(notes[0]).toMatch(said);

      // Through a launcher of one's own.
      const mine = ['--plugin', lab('my-launcher.ts'), '--launcher', 'plain', '--profile', lab('plain.yaml')];
      writeFileSync(lab('plain.yaml'), 'workers: 1\n');
      const again = await sweep('--rerun', 'mine', ...mine);
      expect(again.stderr).toBe('');
      expect(again.stdout).toMatch(/submitted as job \d+, 1 tasks?\n/);
      expect(again.code).toBe(0);
      expect((await plan()).stdout).not.toContain('was edited');
      expect((await sweep('--rerun', 'mime')).stderr).toMatch(
        /--rerun: no arm .* is named 'mime'; did you mean 'mine'\?/,
      );
    }, 240_000);

    it.runIf(canCluster)(
      'give the same numbers in a task of Slurm',
      async () => {
        const store = SweepStore.open(clusterRun());
        const hashes = store.manifest().trials.map(({ hash }) => hash);
        await expect
          .poll(() => hashes.filter((hash) => store.isPublished(hash)), { timeout: 60_000, interval: 200 })
          .toHaveLength(2);
        const lossOf = (at: string) => {
          const { result } = loadResults(at).trials.find(({ trial }) => trial.arm === 'linear')!;
          return result!.metrics['eval/loss'];
        };
        expect(lossOf(clusterRun())).toBe(lossOf(run()));
        expect(existsSync(join(clusterRun(), 'plugins.json'))).toBe(true);
      },
      120_000,
    );

    it('belong to their adapters, which name what they need, evaluate and generate', async () => {
      const adapter = adapterOf(canCluster ? clusterRun() : run(), 'mine');
      const args = ['generate', '--adapter', adapter, '--prompt', 'abc', '--max-tokens', '2'];
      const without = await gmoe(args);
      expect(without.stderr).toMatch(
        /needs the (router 'scaled'|coordination 'spread'|adapter 'biases') of .*, which is not here; load it with --plugin/,
      );
      expect(without.code).toBe(2);
      const having = await gmoe([...args, ...plugins()]);
      // The cluster's task ran the code of before the edit.
      expect(having.stderr).toMatch(canCluster ? /made with another version of the router 'scaled'.*\n$/ : /^$/);
      expect(having.stdout).toMatch(/^abc[a-s]{2}\n$/);
      const task = ['--task', 'classification', '--data', lab(), '--sequence-length', '8'];
      const set = ['task.trainFile=train.csv', 'task.testFile=test.csv', 'task.prompt="{text}"'];
      const scored = await gmoe([
        'eval',
        ...['--adapter', adapterOf(run(), 'mine'), ...task],
        ...set.flatMap((each) => ['--set', each]),
        ...plugins(),
      ]);
      expect(scored.stderr).toBe('');
      const { result } = loadResults(run()).trials.find(({ trial }) => trial.arm === 'mine')!;
      expect(Number(/eval\/loss +(\S+)/.exec(scored.stdout)![1])).toBeCloseTo(result!.metrics['eval/loss']!, 3);
    }, 120_000);
  });
});

describe('the package gmoe, from a folder of one’s own', () => {
  it('has types, plans and runs a sweep, reads its results, and runs a router on a tensor', async () => {
    const home = lab('node_modules/gmoe');
    mkdirSync(join(home, 'dist', 'apps'), { recursive: true });
    copyFileSync('package.json', join(home, 'package.json'));
    const built = dirname(resolve(program()));
    symlinkSync(built, join(home, 'dist', 'apps', 'runner'));
    takeDeclarations(built);
    const [, example] = /```ts\n(.*?)```/s.exec(readFileSync('docs/scripts.md', 'utf8'))!;
    const script = `${example!
      .replaceAll('my-sweep.yaml', 'sweep.yaml')
      .replace('{ jobs: 2 }', `{ jobs: 2, out: ${JSON.stringify(run())} }`)
      .replace("'runs/my-sweep'", JSON.stringify(run()))}
// @ts-expect-error: what is declared is what is there, not any
export const wrong: string = former.trials.length;
const sum: number = Array.from(probs_TE.data).reduce((a, b) => a + b, 0);
console.log(JSON.stringify({ planned: trials.length, read: former.trials.length, sum }));
`;
    writeFileSync(lab('script.ts'), script);
    writeFileSync(lab('package.json'), '{ "type": "module" }');
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'es2023',
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    writeFileSync(lab('tsconfig.json'), JSON.stringify({ compilerOptions, files: ['script.ts'] }));
    const checked = spawnSync(resolve('node_modules/.bin/tsc'), ['-p', lab(), '--pretty', 'false'], {
      encoding: 'utf8',
    });
    expect(checked.stdout).toBe('');

    writeFileSync(lab('script.js'), (await transform(script, { loader: 'ts', format: 'esm', target: 'node20' })).code);
    const { stdout, stderr } = spawnSync(process.execPath, ['script.js'], { cwd: lab(), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual({
      planned: 2,
      read: 2,
      sum: expect.closeTo(1, 6) as number,
    });
  }, 120_000);
});

/** The declarations beside a program: those that Nx has made (`runner:declarations`), else new ones. */
function takeDeclarations(built: string): void {
  const made = resolve('dist', 'apps', 'runner');
  if (!existsSync(join(made, 'gmoe.d.ts'))) {
    expect(spawnSync(process.execPath, ['tools/declarations.mjs', built]).status).toBe(0);
    return;
  }
  symlinkSync(join(made, 'types'), join(built, 'types'));
  copyFileSync(join(made, 'gmoe.d.ts'), join(built, 'gmoe.d.ts'));
}
