import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SweepStore } from '@gmoe/experiment';
import { MlflowClient, type Run } from 'mlflow-js-client';
import { FaultProxy, findMlflow, skipLoudly, startRealMlflow, type RealMlflow } from 'mlflow-js-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder, program } = setUpGmoe();
const executable = findMlflow();
if (!executable) skipLoudly('a sweep of 24 trials in a real server');

const SETS = ['steps=20', 'batchSize=4', 'routingEvery=5', 'checkpointEvery=5', 'sequenceLength=64'].map(
  (set) => `--set=trial.training.${set}`,
);
const FEW = ['trainLimit=40', 'testLimit=6'].map((set) => `--set=trial.task.${set}`);

describe.skipIf(!executable)('a sweep of 24 trials by 4 workers in a real server', () => {
  let server: RealMlflow;
  let proxy: FaultProxy;
  let client: MlflowClient;
  beforeAll(async () => {
    server = await startRealMlflow(executable!);
    proxy = await FaultProxy.start(server.url);
    client = new MlflowClient({ trackingUri: server.url });
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  /** Compares every journal with the server, point by point, by this file's own reading of both. */
  async function compare(name: string, out: string): Promise<Run[]> {
    const { experimentId } = (await client.experiments.getByName(name))!;
    const runs: Run[] = [];
    for await (const run of client.runs.search({ experimentIds: [experimentId] })) runs.push(run);
    const store = SweepStore.open(out);
    expect(runs.length).toBe(1 + 24 + new Set(store.manifest().trials.map(({ group }) => group)).size);
    const spool = join(out, 'mlflow');
    expect(readdirSync(spool).filter((file) => file.endsWith('.dead.jsonl'))).toEqual([]);
    const journals = readdirSync(spool).filter((file) => file.endsWith('.spool.jsonl'));
    expect(journals.length).toBe(runs.length);
    for (const file of journals) {
      const run = runs.find(({ tags }) => `${tags['mlflow-js-client.runKey']}.spool.jsonl` === file)!;
      const params: Record<string, string> = {};
      const tags: Record<string, string> = {};
      const points = new Map<string, string[]>();
      let status = '';
      for (const line of readFileSync(join(spool, file), 'utf8').trim().split('\n')) {
        const record = JSON.parse(line) as Record<string, never> & { type: string; step: number; t: number };
        if (record.type === 'params') Object.assign(params, record['params']);
        if (record.type === 'tags') Object.assign(tags, record['tags']);
        if (record.type === 'end') status = record['status']!;
        if (record.type !== 'metrics') continue;
        for (const [key, value] of Object.entries(record['metrics']!))
          points.set(key, [...(points.get(key) ?? []), `${record.step} ${record.t} ${String(value)}`]);
      }
      expect(run.info.status).toBe(status);
      expect(run.info.status).toBe('FINISHED');
      expect(run.params).toEqual(params);
      expect(run.tags).toMatchObject(tags);
      expect(Object.keys(run.metrics).sort()).toEqual([...points.keys()].sort());
      for (const [key, expected] of points) {
        const found: string[] = [];
        for await (const { step, timestamp, value } of client.runs.metricHistory(run.info.runId, key))
          found.push(`${step} ${timestamp} ${value}`);
        expect(found.sort()).toEqual(expected.sort());
      }
    }
    for (const { hash } of store.manifest().trials) {
      expect(store.result(hash)!.status).toBe('finished');
      const run = runs.find(({ tags }) => tags['hash'] === hash)!;
      const steps: number[] = [];
      for await (const { step } of client.runs.metricHistory(run.info.runId, 'train/loss')) steps.push(step);
      expect(steps.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      expect([run.datasets.length, run.models.length]).toEqual([2, 1]);
    }
    return runs;
  }

  const argsOf = (name: string, out: string): string[] => [
    ...['sweep', 'experiments/quickstart.yaml', '--out', out, '--jobs', '4', '--threads', '1'],
    ...[...SETS, ...FEW, `--set=name=${name}`],
  ];

  it('leaves exactly 1 + 24 + 8 runs, equal to the journals', { timeout: 900_000 }, async () => {
    const out = join(folder(), 'undisturbed');
    const swept = await gmoe(argsOf('undisturbed', out), { MLFLOW_TRACKING_URI: server.url });
    expect([swept.code, swept.stderr]).toEqual([0, '']);
    await compare('undisturbed', out);
  });

  it('loses and doubles nothing through 500s, 429s, a server dead for 30 s and a killed trial', async () => {
    const out = join(folder(), 'disturbed');
    const child: ChildProcess = spawn(process.execPath, [program(), ...argsOf('disturbed', out)], {
      env: { ...process.env, MLFLOW_TRACKING_URI: proxy.url, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    const until = async (words: string): Promise<void> => {
      while (!said.includes(words) && child.exitCode === null) await sleep(50);
    };
    await until('[2/24');
    proxy.fault = (n) =>
      n % 3 === 0 ? { kind: 'none' } : { kind: 'status', status: n % 3 === 1 ? 500 : 429, retryAfter: '1' };
    await until('[5/24');
    proxy.fault = () => ({ kind: 'none' });
    await server.kill();
    const victim = claimant(out);
    process.kill(victim, 'SIGKILL');
    await sleep(30_000);
    await server.restart();
    expect(await ended).toBe(0);
    expect(said).toContain('mlflow: ');
    const synced = await gmoe(['sync', out], { MLFLOW_TRACKING_URI: proxy.url });
    expect(synced.stdout).toContain('33 of 33 runs');
    expect(synced.code).toBe(0);
    await compare('disturbed', out);
  }, 900_000);
});

/** A process that runs a trial now: the last line but an end in some trial's journal is its. */
function claimant(out: string): number {
  const spool = join(out, 'mlflow');
  for (const file of readdirSync(spool).filter((name) => /\.trial\..*\.spool\.jsonl$/.test(name))) {
    const lines = readFileSync(join(spool, file), 'utf8').trim().split('\n');
    if (lines.at(-1)!.includes('"type":"end"') || !lines.some((line) => line.includes('train/loss'))) continue;
    const run = lines.filter((line) => line.includes('"type":"run"')).at(-1)!;
    return (JSON.parse(run) as { process: { pid: number } }).process.pid;
  }
  throw new Error('no trial is running');
}
