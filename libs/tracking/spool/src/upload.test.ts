import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MlflowClient, tag, type Run } from 'mlflow-js-client';
import { FakeMlflow, FaultProxy, findMlflow, skipLoudly, startRealMlflow } from 'mlflow-js-client/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  armLayout,
  openSpool,
  recordLayout,
  startUploader,
  sweepLayout,
  syncDirectory,
  trialLayout,
  type RunReport,
  type SweepFields,
  type UploaderEvent,
} from './index.js';

const executable = findMlflow();
if (!executable) skipLoudly('spool against a real server');

interface TestServer {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}
const servers: { name: string; start: () => Promise<TestServer> }[] = [
  {
    name: 'fake server',
    start: async () => {
      const fake = await FakeMlflow.start();
      return { url: fake.url, kill: () => fake.stop(), restart: () => fake.listen(), stop: () => fake.stop() };
    },
  },
  ...(executable ? [{ name: 'real server', start: () => startRealMlflow(executable) }] : []),
];

const QUICK = { retries: 2, initialDelayMs: 1, maxDelayMs: 5 };
const root = mkdtempSync(join(tmpdir(), 'spool-upload-'));
let serial = 0;
const folder = (): string => {
  const path = join(root, String(serial++));
  mkdirSync(path);
  return path;
};
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(servers)('upload to the $name', { timeout: 120_000 }, ({ name: serverName, start }) => {
  let server: TestServer;
  let proxy: FaultProxy;
  let client: MlflowClient;
  const unique = (name: string): string => `${name}-${serial++}`;

  beforeAll(async () => {
    server = await start();
    proxy = await FaultProxy.start(server.url);
    client = new MlflowClient({ trackingUri: proxy.url, retry: QUICK, timeoutMs: 20_000 });
  }, 120_000);
  afterEach(() => {
    proxy.fault = () => ({ kind: 'none' });
    proxy.seen.length = 0;
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  const runsOf = async (experiment: string): Promise<Run[]> => {
    const found = await client.experiments.getByName(experiment);
    const runs: Run[] = [];
    if (found) for await (const run of client.runs.search({ experimentIds: [found.experimentId] })) runs.push(run);
    return runs;
  };
  const steps = async (runId: string, key: string): Promise<number[]> => {
    const found: number[] = [];
    for await (const point of client.runs.metricHistory(runId, key)) found.push(point.step);
    return found.sort((a, b) => a - b);
  };
  const range = (n: number): number[] => Array.from({ length: n }, (_, index) => index);
  const only = (reports: readonly RunReport[]): RunReport => {
    expect(reports.length).toBe(1);
    return reports[0]!;
  };

  it('shows a sweep as a parent, its trials and a summary of each arm', async () => {
    const directory = folder();
    const spool = openSpool(directory, { fsyncMs: null });
    const sweep: SweepFields = {
      id: unique('sweep-id'),
      name: unique('sweep'),
      command: 'gmoe sweep experiments/x.yaml',
      git: { commit: 'c'.repeat(40), branch: 'main', dirty: true },
      packages: { tfjs: '4.22.0' },
      machine: { cores: '2' },
    };
    const uploader = startUploader(directory, client, { intervalMs: 20 });
    const parent = recordLayout(spool, sweepLayout(sweep, 6));
    const file = join(directory, 'config.json');
    writeFileSync(file, '{}');
    mkdirSync(join(directory, 'adapter'));
    writeFileSync(join(directory, 'adapter', 'adapter_config.json'), '{"r":4}');
    const trial = async (arm: string, seed: number): Promise<void> => {
      const config = { router: { id: arm, width: 64 }, coordination: [{ id: 'poisson', coefficient: 0.005 }], seed };
      const hash = `${arm}${seed}`.padEnd(20, 'x');
      const datasets = [
        { name: 'boolq', digest: 'f'.repeat(64), context: 'train', source: 'https://example.org' },
        { name: 'boolq', digest: 'e'.repeat(64), context: 'test' },
      ];
      const run = recordLayout(
        spool,
        trialLayout(sweep, { arm, seed, hash, group: arm, config, datasets, command: 'gmoe train x' }),
      );
      for (const step of range(30)) {
        run.metrics(step, {
          'train/loss': 1 / (step + 1),
          'routing/layer_0/entropy': 0.5,
          'train/learning_rate': 2e-4,
        });
        if (step % 10 === 0) await new Promise((done) => setImmediate(done));
      }
      run.metrics(29, { 'final/eval/accuracy': seed / 10, 'final/train/steps': 30, 'best/accuracy': 0.9 });
      run.artifact('config/config.json', file);
      run.model('adapter', join(directory, 'adapter'), { modelType: 'peft', step: 29 });
      run.end(seed === 2 ? 'FAILED' : 'FINISHED');
    };
    await Promise.all(['linear', 'graph'].flatMap((arm) => range(3).map((seed) => trial(arm, seed))));
    for (const arm of ['linear', 'graph']) {
      const seeds = range(3).map((seed) => ({ seed, metrics: { 'eval/accuracy': seed / 10, 'train/steps': 30 } }));
      recordLayout(spool, armLayout(sweep, { arm, group: arm, config: { router: { id: arm } }, seeds })).end();
    }
    parent.end();
    const closed = await uploader.close({ timeoutMs: 60_000 });
    expect(closed).toMatchObject({ complete: true, error: undefined });

    const report = await syncDirectory(directory, client);
    expect(report.complete).toBe(true);
    expect(report.runs.flatMap((run) => run.verification?.differences ?? ['not verified'])).toEqual([]);
    const one = report.runs.find((run) => run.name === 'graph, seed 1')!;
    expect(one.verification).toMatchObject({
      metricPoints: { recorded: 93, onServer: 93 },
      params: { recorded: 5, onServer: 5 },
      artifacts: { recorded: 1, onServer: 1 },
      datasets: { recorded: 2, onServer: 2 },
    });

    const runs = await runsOf(sweep.name);
    expect(runs.length).toBe(1 + 6 + 2);
    const top = runs.filter((run) => run.tags['mlflow.parentRunId'] === undefined);
    expect(top.map((run) => [run.tags['kind'], run.info.status]).sort()).toEqual([
      ['arm', 'FINISHED'],
      ['arm', 'FINISHED'],
      ['sweep', 'FINISHED'],
    ]);
    const parentId = top.find((run) => run.tags['kind'] === 'sweep')!.info.runId;
    expect(new Set(runs.flatMap((run) => run.tags['mlflow.parentRunId'] ?? []))).toEqual(new Set([parentId]));
    // Grouped by arm no run is left over.
    expect(new Set(runs.map((run) => run.tags['arm']))).toEqual(new Set(['all arms', 'linear', 'graph']));
    const graph1 = runs.find((run) => run.info.name === 'graph, seed 1')!;
    expect(graph1.params).toEqual({
      'router.id': 'graph',
      'router.width': '64',
      coordination: 'poisson',
      'coordination.poisson.coefficient': '0.005',
      seed: '1',
    });
    expect(graph1.tags).toMatchObject({
      arm: 'graph',
      seed: '1',
      'mlflow.runName': 'graph, seed 1',
      'mlflow.source.git.commit': 'c'.repeat(40),
      'mlflow.source.git.dirty': 'true',
      'package.tfjs': '4.22.0',
      'machine.cores': '2',
      'mlflow.note.content': expect.stringContaining('gmoe train x'),
    });
    expect(graph1.datasets).toMatchObject([
      { name: 'boolq', digest: 'f'.repeat(36), tags: { 'mlflow.data.context': 'train', digest: 'f'.repeat(64) } },
      { name: 'boolq', digest: 'e'.repeat(36), tags: { 'mlflow.data.context': 'test' } },
    ]);
    expect(graph1.models).toMatchObject([{ step: 29 }]);
    const model = await client.loggedModels.get(graph1.models[0]!.modelId);
    expect(model).toMatchObject({ name: 'adapter', status: 'LOGGED_MODEL_READY', sourceRunId: graph1.info.runId });
    // Its params, and what it reached on which data.
    expect(model.params).toEqual(graph1.params);
    expect(model.metrics.map(({ key, value, step, datasetDigest }) => [key, value, step, datasetDigest])).toEqual(
      expect.arrayContaining([
        ['final/eval/accuracy', 0.1, 29, 'e'.repeat(36)],
        ['final/train/steps', 30, 29, undefined],
      ]),
    );
    expect(model.metrics.length).toBe(2);
    expect(await client.artifacts.listOwner(model)).toMatchObject([{ path: 'adapter_config.json', bytes: 7 }]);
    expect(
      runs
        .filter((run) => run.tags['kind'] === 'trial')
        .map((run) => run.info.status)
        .sort(),
    ).toEqual(['FAILED', 'FAILED', 'FINISHED', 'FINISHED', 'FINISHED', 'FINISHED']);
    const arm = runs.find((run) => run.tags['kind'] === 'arm')!;
    expect(arm.metrics['mean/eval/accuracy']!.value).toBeCloseTo(0.1, 12);
    expect(arm.metrics['std/eval/accuracy']!.value).toBeCloseTo(0.1, 12);
    expect(Object.keys(arm.metrics).sort()).toEqual(['mean/eval/accuracy', 'seeds', 'std/eval/accuracy']);
    expect(arm.metrics['seeds']!.value).toBe(3);
  });

  it('loses nothing and doubles nothing under errors, lost answers and a dead server', async () => {
    const directory = folder();
    const experiment = unique('faults');
    const spool = openSpool(directory, { fsyncMs: null });
    const faults = ['status', 'cut', 'lose-answer', 'status', 'none', 'none'] as const;
    proxy.fault = (n) => {
      // A fixed pattern could go on hitting the same request of each pass for ever.
      const kind = n < 150 ? faults[n % faults.length]! : 'none';
      return kind === 'status' ? { kind, status: n % 2 === 0 ? 500 : 429, retryAfter: '0' } : { kind };
    };
    const events: UploaderEvent[] = [];
    const uploader = startUploader(directory, client, { intervalMs: 5, maxBackoffMs: 20 }, (event) =>
      events.push(event),
    );
    const parent = spool.run({ id: unique('parent-run'), experiment, name: 'parent' });
    const children = range(3).map((index) =>
      spool.run({ id: unique('child-run'), experiment, name: `child ${index}`, parent: parent.run.id }),
    );
    let killed: Promise<void> | undefined;
    const cutOff = async (): Promise<void> => {
      proxy.fault = () => ({ kind: 'cut' });
    };
    for (const step of range(400)) {
      for (const child of children) child.metrics(step, { loss: step / 7, nan: NaN }, 1_700_000_000_000 + step);
      // Killing and starting the real one takes ten seconds; the long tests do.
      if (step === 200) killed = serverName === 'fake server' ? server.kill() : cutOff();
      if (step % 50 === 0) await new Promise((done) => setImmediate(done));
    }
    await killed;
    for (const child of children) child.end();
    parent.end();
    const dead = await uploader.flush();
    expect(dead).toMatchObject({ complete: false, error: expect.stringContaining('cannot reach') });
    if (serverName === 'fake server') await server.restart();
    else proxy.fault = () => ({ kind: 'none' });
    // Comes back by itself; lost answers and errors go on.
    while (!(await uploader.flush()).complete);
    proxy.fault = () => ({ kind: 'none' });
    expect((await uploader.close({ timeoutMs: 20_000 })).complete).toBe(true);
    expect(events.map((event) => event.type)).toContain('failed');
    expect(events.at(-1)).toEqual({ type: 'recovered' });
    const report = await syncDirectory(directory, client);
    expect(report).toMatchObject({ complete: true });
    expect(report.runs.map((run) => run.deadLetters)).toEqual([0, 0, 0, 0]);
    const runs = await runsOf(experiment);
    expect(runs.length).toBe(4);
    for (const run of runs.filter((one) => one.info.name !== 'parent')) {
      expect(await steps(run.info.runId, 'loss')).toEqual(range(400));
      expect(await steps(run.info.runId, 'nan')).toEqual(range(400));
      expect(run.info.status).toBe('FINISHED');
    }
  }, 120_000);

  it('uploads all of it again after its memory is gone, with the same result', async () => {
    const directory = folder();
    const experiment = unique('again');
    const run = openSpool(directory).run({ id: unique('run-id'), experiment, name: 'r' });
    run.params({ a: 1 });
    for (const step of range(1500)) run.metrics(step, { loss: step });
    run.end();
    const first = only((await syncDirectory(directory, client)).runs);
    for (const file of readdirSync(directory)) if (file.endsWith('.state.json')) rmSync(join(directory, file));
    const second = only((await syncDirectory(directory, client)).runs);
    const third = only((await syncDirectory(directory, client)).runs);
    expect([second, third]).toEqual([first, first]);
    expect(first.verification!.metricPoints).toEqual({ recorded: 1500, onServer: 1500 });
    expect((await runsOf(experiment)).length).toBe(1);
    expect(await steps(first.runId!, 'loss')).toEqual(range(1500));
  });

  it('marks a killed trial, and lets it go on without a gap or a double', async () => {
    const directory = folder();
    const id = unique('killed-run');
    const from = async (first: number, until: number): Promise<void> => {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', resolve(import.meta.dirname, 'testing/trial-process.ts'), directory, id, String(first)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, TSX_TSCONFIG_PATH: resolve(import.meta.dirname, '../../../../tsconfig.base.json') },
        },
      );
      for await (const chunk of child.stdout)
        if (
          String(chunk)
            .trim()
            .split('\n')
            .some((step) => Number(step) >= until)
        )
          break;
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
    };
    await from(0, 2000);
    appendFileSync(join(directory, `${id}.spool.jsonl`), '{"n":9,"type":"metr');
    const killed = only((await syncDirectory(directory, client)).runs);
    expect(killed).toMatchObject({ state: 'synced', status: 'KILLED', pendingBytes: 0, deadLetters: 1 });
    const { recorded, onServer } = killed.verification!.metricPoints;
    expect(onServer).toBe(recorded);
    expect(recorded).toBeGreaterThan(4000);
    const last = (await steps(killed.runId!, 'train/loss')).at(-1)!;
    await from(1000, last + 500);
    const again = openSpool(directory).run({ id, experiment: 'killed', name: 'killed trial' });
    again.params({ rank: 4 });
    again.end();
    const over = only((await syncDirectory(directory, client)).runs);
    expect(over).toMatchObject({
      state: 'synced',
      status: 'FINISHED',
      runId: killed.runId,
      pendingBytes: 0,
      deadLetters: 1,
    });
    const all = await steps(killed.runId!, 'train/loss');
    expect(all.length).toBeGreaterThan(last + 500);
    expect(all).toEqual(range(all.length));
    expect((await client.runs.get(killed.runId!)).info.status).toBe('FINISHED');
  }, 60_000);

  it('loses nothing of what MLflow cannot take', async () => {
    const directory = folder();
    const run = openSpool(directory).run({
      id: unique('hostile'),
      experiment: unique('hostile'),
      name: 'hostile \ud800 名 😀',
    });
    const long = 'ü😀'.repeat(3500);
    const key = 'k'.repeat(300);
    run.params({ long, [key]: 'v', 'a#b': 'hash', 'quotes \'"\\': '\u0000\ud800 中', empty: '' });
    run.tags({ note: 'y'.repeat(10_000), [key]: 't' });
    run.metrics(0, {
      nan: NaN,
      inf: Infinity,
      ninf: -Infinity,
      [key]: 1,
      [`${key}2`]: 2,
      '': 3,
      '../up': 4,
      'löss 中': 5,
    });
    run.metrics(1, { nan: 1, [key]: 2 });
    run.params({ empty: 'changed' });
    const file = join(directory, 'a file.txt');
    writeFileSync(file, 'content');
    run.artifact('../../../etc/passwd', file);
    run.artifact('/abs/100%#?.txt', file);
    run.artifact('ok/é 中.txt', file);
    run.artifact('gone.txt', join(directory, 'never written.txt'));
    run.dataset({ name: 'd'.repeat(600), digest: 'x'.repeat(100) });
    run.metrics(0.5, { fraction: 1 });
    run.end();
    const report = only((await syncDirectory(directory, client)).runs);
    expect(report.verification!.differences).toEqual([]);
    expect(report).toMatchObject({ state: 'synced', deadLetters: 3 });
    const dead = readdirSync(directory).find((one) => one.endsWith('.dead.jsonl'))!;
    const reasons = readFileSync(join(directory, dead), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { reason: string }).reason);
    expect(reasons.sort()).toEqual([
      'a step must be a whole number',
      expect.stringContaining('never written.txt'),
      'this param has another value already',
    ]);
    const found = await client.runs.get(report.runId!);
    expect(found.info.name).toBe('hostile \ufffd 名 😀');
    expect(found.params['long']).toMatch(
      /^(ü😀)+.*… \[10500 characters, sha256 [0-9a-f]{16}, whole in params_overflow.json\]$/u,
    );
    expect(found.params['empty']).toBe('');
    expect(Object.keys(found.metrics).filter((name) => name.startsWith('kkk')).length).toBe(2);
    expect(found.metrics['inf']!.value).toBe(Number.MAX_VALUE);
    expect(found.metrics['löss 中']!.value).toBe(5);
    const overflow = JSON.parse(
      new TextDecoder().decode(await client.artifacts.download(found.info, 'params_overflow.json')),
    ) as Record<string, Record<string, string>>;
    expect(overflow['params']!['long']).toBe(long);
    expect(overflow['tags']!['note']).toBe('y'.repeat(10_000));
    expect(Object.values(overflow['keys']!)).toEqual(expect.arrayContaining([key, `${key}2`, 'a#b', '', '../up']));
    const files: string[] = [];
    for await (const entry of client.artifacts.listFiles(report.runId!)) files.push(entry.path);
    expect(files.sort()).toEqual([
      expect.stringMatching(/^_\/_\/_\/etc\/passwd-[0-9a-f]{8}$/),
      expect.stringMatching(/^abs\/100___-[0-9a-f]{8}\.txt$/),
      'ok/é 中.txt',
      'params_overflow.json',
    ]);
  });

  it('finds what the server lost and sends it again', async () => {
    const directory = folder();
    const run = openSpool(directory).run({ id: unique('lost-run'), experiment: unique('lost'), name: 'r' });
    run.tags({ keep: 'x', lose: 'y' });
    const file = join(directory, 'log.txt');
    writeFileSync(file, 'short');
    run.artifact('log.txt', file);
    run.end();
    const first = only((await syncDirectory(directory, client)).runs);
    await client.runs.deleteTag(first.runId!, 'lose');
    writeFileSync(file, 'longer now');
    const second = only((await syncDirectory(directory, client)).runs);
    expect(second.verification!.differences).toEqual([]);
    expect((await client.runs.get(first.runId!)).tags['lose']).toBe('y');
    expect(
      new TextDecoder().decode(
        await client.artifacts.download(
          { artifactUri: (await client.runs.get(first.runId!)).info.artifactUri },
          'log.txt',
        ),
      ),
    ).toBe('longer now');
  });

  it('leaves a run alone that someone deleted', async () => {
    const directory = folder();
    const experiment = unique('deleted');
    const id = unique('deleted-run');
    const run = openSpool(directory).run({ id, experiment, name: 'r' });
    run.metrics(0, { a: 1 });
    const first = only((await syncDirectory(directory, client)).runs);
    await client.runs.delete(first.runId!);
    run.metrics(1, { a: 2 });
    run.end();
    expect(only((await syncDirectory(directory, client)).runs)).toMatchObject({ state: 'deleted' });
    expect(await runsOf(experiment)).toEqual([]);
  });

  it('says how to restore an experiment that someone deleted, whose name the server keeps taken; other runs go on', async () => {
    const directory = folder();
    const [gone, there] = [unique('gone'), unique('there')];
    const experiment = await client.experiments.create({ name: gone });
    await client.experiments.delete(experiment);
    for (const [id, name] of [
      [unique('run-of-gone'), gone],
      [unique('run-of-there'), there],
    ] as const) {
      const run = openSpool(directory).run({ id, experiment: name, name });
      run.metrics(0, { a: 1 });
      run.end();
    }
    const { runs } = await syncDirectory(directory, client, { patienceMs: 500 });
    const [of, other] = [gone, there].map((name) => runs.find((run) => run.name === name)!);
    expect(other).toMatchObject({ state: 'synced' });
    expect(of!.state).not.toBe('synced');
    expect(of!.error).toContain(
      `restore it (mlflow experiments restore --experiment-id ${experiment}) or take another`,
    );
  });

  it('links a child whose parent comes later', async () => {
    const [one, other] = [folder(), folder()];
    const experiment = unique('late-parent');
    const parentId = unique('late-parent-id');
    const child = openSpool(one).run({ id: unique('child-id'), experiment, name: 'child', parent: parentId });
    child.metrics(0, { a: 1 });
    const first = only((await syncDirectory(one, client)).runs);
    expect((await client.runs.get(first.runId!)).tags['mlflow.parentRunId']).toBeUndefined();
    openSpool(other).run({ id: parentId, experiment, name: 'parent' }).end();
    const parent = only((await syncDirectory(other, client)).runs);
    child.end();
    await syncDirectory(one, client);
    expect((await client.runs.get(first.runId!)).tags['mlflow.parentRunId']).toBe(parent.runId);
  });

  it('lets two upload one spool at once', async () => {
    const directory = folder();
    const experiment = unique('two');
    const spool = openSpool(directory);
    for (const index of range(4)) {
      const run = spool.run({ id: unique('two-run'), experiment, name: `r${index}` });
      for (const step of range(300)) run.metrics(step, { loss: step });
      run.end();
    }
    const reports = await Promise.all([syncDirectory(directory, client), syncDirectory(directory, client)]);
    expect(
      reports.flatMap((report) => report.runs).every((run) => run.state === 'synced' || run.state === 'locked'),
    ).toBe(true);
    const report = await syncDirectory(directory, client);
    expect(report.complete).toBe(true);
    const runs = await runsOf(experiment);
    expect(runs.length).toBe(4);
    for (const run of runs) expect(await steps(run.info.runId, 'loss')).toEqual(range(300));
    expect(existsSync(join(directory, 'x.lock')) || readdirSync(directory).some((file) => file.endsWith('.lock'))).toBe(
      false,
    );
  });

  it('watches a folder until stopped', async () => {
    const directory = folder();
    const experiment = unique('watched');
    const run = openSpool(directory).run({ id: unique('watched-run'), experiment, name: 'r' });
    const stop = new AbortController();
    let passes = 0;
    const watching = syncDirectory(
      directory,
      client,
      { watch: true, intervalMs: 5 },
      {
        signal: stop.signal,
        onPass: (report) => {
          if (passes++ < 5) run.metrics(passes, { a: passes });
          else if (passes === 7) run.end();
          else if (report.runs[0]?.status === 'FINISHED') stop.abort();
        },
      },
    );
    expect(only((await watching).runs)).toMatchObject({
      status: 'FINISHED',
      verification: { metricPoints: { recorded: 5, onServer: 5 } },
    });
    const [found] = await runsOf(experiment);
    expect(found!.tags).toMatchObject({ 'mlflow-js-client.runKey': run.run.id });
    const byTag: Run[] = [];
    for await (const one of client.runs.search({
      experimentIds: [found!.info.experimentId],
      filter: tag('mlflow-js-client.runKey').eq(run.run.id),
    }))
      byTag.push(one);
    expect(byTag.length).toBe(1);
    expect(serverName).toBeTruthy();
  });
});

describe('a server that is none, old, or slow', () => {
  const spoolOf = (): { directory: string; end(): void } => {
    const directory = folder();
    const run = openSpool(directory).run({ id: `other-${serial++}-run`, experiment: 'e', name: 'n' });
    run.params({ a: 1, long: 'x'.repeat(700) });
    run.metrics(0, { loss: 1 });
    const model = join(directory, 'model');
    mkdirSync(model);
    writeFileSync(join(model, 'weights.bin'), 'w');
    run.model('adapter', model);
    return { directory, end: () => run.end() };
  };

  it.each([
    ['nothing listening', () => new MlflowClient({ trackingUri: 'http://127.0.0.1:9', retry: QUICK }), /cannot reach/],
    [
      'no MLflow',
      () => new MlflowClient({ trackingUri: 'http://127.0.0.1:9', retry: QUICK }, async () => new Response('<html>')),
      /no JSON/,
    ],
    [
      'wrong password',
      () =>
        new MlflowClient(
          { trackingUri: 'http://127.0.0.1:9', retry: QUICK },
          async () => new Response('', { status: 401 }),
        ),
      /401/,
    ],
    [
      'host not allowed',
      () =>
        new MlflowClient(
          { trackingUri: 'http://127.0.0.1:9', retry: QUICK },
          async () => new Response('Invalid Host header', { status: 403 }),
        ),
      /403/,
    ],
    [
      'only 404',
      () =>
        new MlflowClient(
          { trackingUri: 'http://127.0.0.1:9', retry: QUICK },
          async () => new Response('<html>', { status: 404 }),
        ),
      /404/,
    ],
  ])('%s: says so, keeps everything', async (_, makeClient, message) => {
    const { directory, end } = spoolOf();
    end();
    const events: UploaderEvent[] = [];
    const uploader = startUploader(directory, makeClient(), { intervalMs: 1, maxBackoffMs: 1 }, (event) =>
      events.push(event),
    );
    const closed = await uploader.close({ timeoutMs: 5000 });
    expect(closed).toMatchObject({ complete: false, error: expect.stringMatching(message) });
    expect(events).toMatchObject([{ type: 'failed' }]);
    const fake = await FakeMlflow.start();
    expect((await syncDirectory(directory, new MlflowClient({ trackingUri: fake.url }))).complete).toBe(true);
    expect([...fake.store.runs.values()][0]!.params.get('a')).toBe('1');
    await fake.stop();
  });

  it.each([
    ['keeps the rest', 'synced'],
    ['forgets the metrics of the rest', 'different'],
  ])(
    'a run whose name the server cannot store is named and left, at a server that %s',
    async (_, uploaded) => {
      const fake = await FakeMlflow.start();
      const directory = folder();
      const spool = openSpool(directory);
      const parent = spool.run({ id: `other-${serial++}-run`, experiment: 'e', name: 'sweep' });
      const ids = ['plain', '🚀'.repeat(200), 'short'].map((name) => {
        const run = spool.run({ id: `other-${serial++}-run`, experiment: 'e', name, parent: parent.run.id });
        run.metrics(0, { loss: 1 });
        const model = join(directory, run.run.id);
        mkdirSync(model);
        writeFileSync(join(model, 'weights.bin'), 'w');
        run.model('adapter', model);
        run.end();
        return run.run.id;
      });
      parent.end();
      // MySQL with three bytes a character.
      const message = "(1366, \"Incorrect string value: '\\xF0\\x9F\\x9A\\x80' for column 'name'\")";
      const client = new MlflowClient({ trackingUri: fake.url, retry: QUICK }, async (url, init) => {
        const body = String(init?.body ?? '');
        if (/runs\/create$/.test(String(url)) && body.includes('🚀'))
          return Response.json({ error_code: 'INTERNAL_ERROR', message }, { status: 500 });
        const answer = await fetch(url, init);
        if (uploaded === 'synced' || !/runs\/get\?/.test(String(url))) return answer;
        const { run } = (await answer.json()) as { run: { data: object } };
        return Response.json({ run: { ...run, data: { ...run.data, metrics: [] } } });
      });
      const report = await syncDirectory(directory, client, { intervalMs: 5, maxBackoffMs: 20, patienceMs: 1000 });
      expect(report).toMatchObject({ complete: false, error: expect.stringContaining('Incorrect string value') });
      const stateOf = (id: string) => report.runs.find((run) => run.id === id)!.state;
      expect(ids.map(stateOf)).toEqual([uploaded, 'pending', uploaded]);
      expect(stateOf(parent.run.id)).toBe('synced');
      expect([...fake.store.runs.values()].map(({ info }) => info['status'])).toEqual(Array(3).fill('FINISHED'));
      await fake.stop();
    },
    20_000,
  );

  it('closes within its time though the server never answers', async () => {
    const fake = await FakeMlflow.start();
    const proxy = await FaultProxy.start(fake.url);
    proxy.fault = () => ({ kind: 'hang' });
    const { directory, end } = spoolOf();
    end();
    const uploader = startUploader(directory, new MlflowClient({ trackingUri: proxy.url }), { intervalMs: 1 });
    const before = performance.now();
    const closed = await uploader.close({ timeoutMs: 200 });
    expect(performance.now() - before).toBeLessThan(2000);
    expect(closed.complete).toBe(false);
    expect(closed.reports[0]!.pendingBytes).toBeGreaterThan(0);
    await proxy.stop();
    await fake.stop();
  });

  it('version 2: models become artifacts', async () => {
    const fake = await FakeMlflow.start({ version: '2.22.0' });
    const { directory, end } = spoolOf();
    end();
    const report = await syncDirectory(directory, new MlflowClient({ trackingUri: fake.url, retry: QUICK }));
    expect(report).toMatchObject({ complete: true, runs: [{ deadLetters: 0 }] });
    expect([...fake.store.artifacts.keys()].some((path) => path.endsWith('artifacts/models/adapter/weights.bin'))).toBe(
      true,
    );
    await fake.stop();
  });

  it('before 2.10: shorter params, the whole in the overflow artifact', async () => {
    const fake = await FakeMlflow.start({ version: '2.9.0', paramLimit: 500 });
    const { directory, end } = spoolOf();
    end();
    const report = await syncDirectory(directory, new MlflowClient({ trackingUri: fake.url, retry: QUICK }));
    expect(report).toMatchObject({
      complete: true,
      runs: [{ deadLetters: 0, verification: { params: { recorded: 2, onServer: 2 } } }],
    });
    expect([...fake.store.runs.values()][0]!.params.get('long')!.length).toBe(500);
    const overflow = [...fake.store.artifacts].find(([path]) => path.endsWith('params_overflow.json'))![1];
    expect(JSON.parse(new TextDecoder().decode(overflow))).toMatchObject({ params: { long: 'x'.repeat(700) } });
    await fake.stop();
  });

  it('artifacts elsewhere: dead letters, the rest is uploaded', async () => {
    const fake = await FakeMlflow.start({ artifactRoot: 's3://bucket' });
    const { directory, end } = spoolOf();
    writeFileSync(join(directory, 'f'), '');
    const run = openSpool(directory).run({ id: `other-${serial++}-run`, experiment: 'e', name: 'n' });
    run.artifact('f', join(directory, 'f'));
    run.end();
    end();
    const report = await syncDirectory(directory, new MlflowClient({ trackingUri: fake.url, retry: QUICK }));
    expect(report.complete).toBe(true);
    expect(report.runs.map((one) => one.deadLetters)).toEqual([1, 1]);
    await fake.stop();
  });

  it('emptied: starts over with a new run', async () => {
    const fake = await FakeMlflow.start();
    const { directory, end } = spoolOf();
    const client = new MlflowClient({ trackingUri: fake.url, retry: QUICK });
    await syncDirectory(directory, client);
    fake.store.runs.clear();
    end();
    const uploader = startUploader(directory, client, { intervalMs: 1, maxBackoffMs: 1 });
    while (!(await uploader.flush()).complete);
    await uploader.close({ timeoutMs: 1000 });
    expect([...fake.store.runs.values()].map((one) => [one.params.get('a'), one.info['status']])).toEqual([
      ['1', 'FINISHED'],
    ]);
    await fake.stop();
  });

  it('another server has its own memory', async () => {
    const [one, two] = [await FakeMlflow.start(), await FakeMlflow.start()];
    const { directory, end } = spoolOf();
    end();
    for (const { url } of [one, two, one])
      expect((await syncDirectory(directory, new MlflowClient({ trackingUri: url }))).complete).toBe(true);
    for (const { store } of [one, two]) expect(store.runs.size).toBe(1);
    await one.stop();
    await two.stop();
  });
});
