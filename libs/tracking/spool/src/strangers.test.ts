import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MlflowClient } from 'mlflow-js-client';
import { FakeMlflow } from 'mlflow-js-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSpool, syncDirectory } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'spool-strangers-'));
let serial = 0;
let fake: FakeMlflow;
let client: MlflowClient;
beforeAll(async () => {
  fake = await FakeMlflow.start();
  client = new MlflowClient({ trackingUri: fake.url, retry: { retries: 0 } });
});
afterAll(async () => {
  await fake.stop();
  rmSync(root, { recursive: true, force: true });
});

const fresh = (): string => {
  const folder = join(root, String(serial++));
  mkdirSync(folder);
  return folder;
};

async function stepsOf(runId: string, key: string): Promise<number[]> {
  const steps: number[] = [];
  for await (const point of client.runs.metricHistory(runId, key)) steps.push(point.step);
  return steps.sort((a, b) => a - b);
}

describe('two attempts at one trial at once', () => {
  it('make one curve, also when they are uploaded bit by bit, and the loser does not end the run', async () => {
    const directory = fresh();
    const spool = openSpool(directory, { fsyncMs: null });
    const fields = { id: 'trial-of-two-attempts', experiment: 'two attempts', name: 'r' };
    const loss = (step: number): Record<string, number> => ({ 'train/loss': 1 / step });
    const frozen = spool.run(fields);
    for (let step = 1; step <= 4; step++) frozen.metrics(step, loss(step));
    // Given up, and its trial is begun anew by somebody who has not seen the end of it yet.
    const taker = spool.run({ ...fields });
    await syncDirectory(directory, client, { verify: false });
    for (let step = 1; step <= 10; step++) {
      taker.metrics(step, loss(step));
      // Awake again.
      if (step >= 3) frozen.metrics(step + 2, loss(step + 2));
      if (step === 6) await syncDirectory(directory, client, { verify: false });
    }
    taker.summary(0, { 'arm/mean': 1 });
    taker.summary(0, { 'arm/mean': 2 });
    taker.end('FINISHED');
    frozen.end('KILLED');
    const report = await syncDirectory(directory, client);
    expect(report.complete).toBe(true);
    const [run] = report.runs;
    expect(run).toMatchObject({ status: 'FINISHED', verification: { differences: [] } });
    expect(await stepsOf(run!.runId!, 'train/loss')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect((await client.runs.get(run!.runId!)).metrics['arm/mean']!.value).toBe(2);
  });
});

describe('a journal of somebody else', () => {
  it('sends files of its own run only: nothing from above, beside, hidden or behind links', async () => {
    const sweep = join(fresh(), 'sweep');
    const spoolFolder = join(sweep, 'mlflow');
    const trial = join(sweep, 'trials', 'abc', 'attempts', '0001');
    for (const folder of [spoolFolder, trial, join(sweep, '.ssh'), join(sweep, 'other')]) {
      mkdirSync(folder, { recursive: true });
    }
    for (const file of ['sweep.json', 'report.html', '.ssh/id', 'other/x', 'trials/abc/attempts/0001/log.txt']) {
      writeFileSync(join(sweep, file), 'content');
    }
    const secret = join(fresh(), 'secret');
    writeFileSync(secret, 'secret');
    symlinkSync(secret, join(trial, 'link.txt'));
    symlinkSync(join(secret, '..'), join(trial, 'adapter'));
    const run = openSpool(spoolFolder).run({ id: 'run-of-a-stranger', experiment: 'strangers', name: 'r' });
    run.artifact('fine/log.txt', join(trial, 'log.txt'));
    run.artifact('fine/report.html', join(sweep, 'report.html'));
    run.artifact('passwd', '/etc/passwd');
    run.artifact('up', secret);
    run.artifact('link', join(trial, 'link.txt'));
    run.artifact('hidden', join(sweep, '.ssh', 'id'));
    run.artifact('other', join(sweep, 'other', 'x'));
    run.model('adapter', join(trial, 'adapter'));
    run.model('home', '/root');
    run.end();
    const report = await syncDirectory(sweep, client);
    const [synced] = report.runs;
    expect(synced).toMatchObject({ state: 'synced', deadLetters: 7 });
    const files: string[] = [];
    for await (const entry of client.artifacts.listFiles(synced!.runId!)) files.push(entry.path);
    expect(files.sort()).toEqual(['fine/log.txt', 'fine/report.html']);
    const letters = readdirSync(spoolFolder).find((name) => name.endsWith('.dead.jsonl'))!;
    expect(readFileSync(join(spoolFolder, letters), 'utf8')).toContain('lies outside the run');
  });

  it('without a sweep beside it, sends files below the spool only', async () => {
    const above = fresh();
    const spoolFolder = join(above, 'spool');
    mkdirSync(spoolFolder);
    writeFileSync(join(above, 'key'), 'x');
    linkSync(join(above, 'key'), join(spoolFolder, 'own'));
    const run = openSpool(spoolFolder).run({ id: 'run-by-itself', experiment: 'strangers', name: 'r' });
    run.artifact('key', join(above, 'key'));
    run.artifact('own', join(spoolFolder, 'own'));
    run.end();
    expect((await syncDirectory(spoolFolder, client)).runs[0]).toMatchObject({ state: 'synced', deadLetters: 1 });
  });
});
