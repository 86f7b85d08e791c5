import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadResults } from '@gmoe/report';
import { describe, expect, it } from 'vitest';
import { publishedFolder } from './testing/published-folder.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder } = setUpGmoe();

/** The quickstart, made small: a few steps, a few test examples. */
const SMALL = ['training.steps=3', 'schedule.warmupSteps=1', 'task.trainLimit=120', 'task.testLimit=60'].map(
  (set) => `--set=trial.${set}`,
);

const TWO_STRATEGIES = '--set=coordination=none,poisson+normal';

let trained: Promise<string> | undefined;
/** Folder of a run of the tiny trial, which several tests look at. */
const trainedOnce = (): Promise<string> =>
  (trained ??= (async () => {
    const out = join(folder(), 'trained');
    expect((await gmoe(['train', 'experiments/tiny-trial.yaml', '--out', out])).code).toBe(0);
    return out;
  })());

describe('gmoe sweep', () => {
  it('runs the arms over the seeds, writes every file, and runs nothing twice', async () => {
    const out = join(folder(), 'tiny');
    const args = ['sweep', 'experiments/quickstart.yaml', '--out', out, ...SMALL, '--set=seeds=1', TWO_STRATEGIES];
    const first = await gmoe(args);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    const results = loadResults(out);
    expect(results.warnings).toEqual([]);
    expect(results.trials.map(({ state }) => state)).toEqual(Array(4).fill('finished'));
    expect(new Set(results.trials.map(({ trial }) => trial.arm)).size).toBe(4);
    expect(results.baselines).toHaveLength(1);
    expect(results.baselines[0]!.chance).toBeCloseTo(1 / 6, 10);
    for (const { result, predictions, events, trial } of results.trials) {
      expect(predictions).toHaveLength(60);
      const accuracy = predictions.filter(({ correct }) => correct).length / 60;
      expect(result!.metrics['eval/accuracy']).toBeCloseTo(accuracy, 10);
      expect(events.filter(({ type }) => type === 'step')).toHaveLength(3);
      // Each of 4 layers spreads its tokens over 8 experts, two for each token.
      expect(result!.load!.map((layer) => layer.length)).toEqual([8, 8, 8, 8]);
      for (const layer of result!.load!) expect(layer.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      const home = publishedFolder(out, { trial });
      expect(readdirSync(home).sort()).toEqual(
        expect.arrayContaining(['adapter', 'config.json', 'events.jsonl', 'log.txt', 'predictions.jsonl']),
      );
      expect(existsSync(join(home, 'adapter', 'adapter_model.safetensors'))).toBe(true);
    }
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('graph · poisson+normal');
    expect(first.stdout).toContain('graph · poisson+normal');

    const again = await gmoe(args);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('4 trials, 4 of them done before');
    expect(again.stdout).not.toContain('started');

    // A damaged result is told and left alone, and the rest of the sweep goes on; nothing overwrites it.
    const [damaged, open] = results.trials.map(({ trial }) => trial.hash.slice(0, 16));
    rmSync(join(out, 'trials', open!, 'result.json'));
    rmSync(join(out, 'trials', damaged!, 'result.json'));
    writeFileSync(join(out, 'trials', damaged!, 'result.json'), '{"torn');
    const third = await gmoe(args);
    expect(third.stdout).toMatch(/DAMAGED {3}linear · none, seed 0: .*result\.json: is damaged: not valid JSON/);
    expect(third.stdout.match(/finished {2}/g)).toHaveLength(1);
    expect(third.code).toBe(1);
  }, 180_000);

  it('gives the same bits for the same seed', async () => {
    const accuracies = [];
    const again = join(folder(), 'again');
    expect((await gmoe(['train', 'experiments/tiny-trial.yaml', '--out', again])).code).toBe(0);
    for (const out of [await trainedOnce(), again]) {
      const [trial] = loadResults(out).trials;
      accuracies.push({ ...trial!.result!.metrics, 'train/tokens_per_second': 0 });
      const home = publishedFolder(out, trial!);
      accuracies.push(readFileSync(join(home, 'adapter', 'adapter_model.safetensors')).toString('base64'));
    }
    expect(accuracies.slice(0, 2)).toEqual(accuracies.slice(2));
  }, 120_000);
});

describe('remarks on a drawn graph', () => {
  it('reach the terminal once and the log', async () => {
    const out = join(folder(), 'remarks');
    const args = ['--set', 'trial.router.density=0', '--set', 'trial.training.steps=1'];
    const run = await gmoe(['train', 'experiments/tiny-trial.yaml', '--out', out, ...args]);
    expect(run.stderr).toBe('');
    const remark =
      'layers 0, 1, 2, 3: the graph joins 0 of 28 expert pairs: experts exchange messages through the token only';
    expect(run.stdout.split(remark)).toHaveLength(2);
    const [record] = loadResults(out).trials;
    const home = publishedFolder(out, record!);
    expect(readFileSync(join(home, 'log.txt'), 'utf8')).toContain(remark);
    expect(record!.routing!.layers.map(({ edges }) => edges!.flat().some((joined) => joined > 0))).toEqual(
      Array(4).fill(false),
    );
    // Learned values start at lambda 1.5 and sigma E / 2, and one step moves them little.
    for (const { values } of record!.routing!.layers) {
      expect(values['poisson/lambda']).toBeCloseTo(1.5, 1);
      expect(values['normal/sigma']).toBeCloseTo(4, 1);
    }
    expect(record!.events.find(({ type }) => type === 'step')!.metrics).toMatchObject({
      'coordination/poisson/lambda.0': expect.closeTo(1.5, 5),
      'coordination/normal/sigma.3': expect.closeTo(4, 5),
    });
  }, 120_000);
});

describe('gmoe eval', () => {
  it("scores a trial's adapter as the trial did", async () => {
    const out = await trainedOnce();
    const [record] = loadResults(out).trials;
    const adapter = join(publishedFolder(out, record!), 'adapter');
    const run = await gmoe([
      'eval',
      '--adapter',
      adapter,
      '--task',
      'openstax-topics',
      '--set',
      'task.testLimit=60',
      '--out',
      join(out, 'eval'),
    ]);
    expect(run.stderr).toBe('');
    const metrics = JSON.parse(readFileSync(join(out, 'eval', 'metrics.json'), 'utf8')) as Record<string, number>;
    expect(metrics['eval/accuracy']).toBeCloseTo(record!.result!.metrics['eval/accuracy']!, 10);
    expect(metrics['eval/loss']).toBeCloseTo(record!.result!.metrics['eval/loss']!, 4);
  }, 120_000);
});

describe('bad input', () => {
  it.each([
    [['sweep', 'no-such.yaml'], /^gmoe: no-such\.yaml: cannot be read: .*\n$/],
    [
      ['sweep', 'experiments/quickstart.yaml', '--set', 'trial.base=/nowhere'],
      /base: is no model folder .* \(got "\/nowhere"\)\n$/,
    ],
    [
      ['sweep', 'experiments/quickstart.yaml', '--set', 'trial.adapter.mixture.selector.k=9'],
      /selector\.k: must be at most the experts of a layer \(8\).* \(got 9\)\n$/,
    ],
    [
      ['sweep', 'experiments/quickstart.yaml', '--set', 'trial.optimizer.lr=1'],
      /Unrecognized key: "lr"; known: .*learningRate/,
    ],
    [
      ['sweep', 'experiments/quickstart.yaml', '--engine', 'fast'],
      /--engine: Invalid option: expected one of "compiled"\|"eager" \(got "fast"\)\n$/,
    ],
    [['sweep', 'experiments/quickstart.yaml', '--device', 'tpu'], /--device: .* \(got "tpu"\)\n$/],
    [['sweep', 'experiments/quickstart.yaml', '--detach'], /^gmoe: --detach: needs a cluster's launcher/],
    [
      ['sweep', 'experiments/quickstart.yaml', '--profile', 'experiments/tiny-trial.yaml'],
      /tiny-trial\.yaml: Unrecognized keys?: "base".*known: partition, account/,
    ],
    [['report', 'nowhere'], /nowhere: is no folder/],
    [['eval', '--task', 'arc'], /unknown task; known: .*arc-easy.*openstax-topics/],
  ])('%j: one line, exit code 2, nothing written', async (args, message) => {
    const out = join(folder(), 'nothing');
    const { code, stdout, stderr } = await gmoe(args[0] === 'sweep' ? [...args, '--out', out] : args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});
