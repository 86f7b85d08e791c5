import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MlflowClient, type Run } from 'mlflow-js-client';
import { FaultProxy, findMlflow, skipLoudly, startRealMlflow, type RealMlflow } from 'mlflow-js-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  armLayout,
  openSpool,
  recordLayout,
  startUploader,
  sweepLayout,
  syncDirectory,
  type SweepFields,
  type UploaderEvent,
} from './index.js';

const executable = findMlflow();
if (!executable) skipLoudly('a sweep of 24 trials through an outage');

describe.skipIf(!executable)('a sweep of 24 trials by 4 workers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spool-soak-'));
  let server: RealMlflow;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startRealMlflow(executable!);
    proxy = await FaultProxy.start(server.url);
  }, 120_000);
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('survives 500s, 429s, a server dead for 30 s and a killed worker', { timeout: 600_000 }, async () => {
    const sweep: SweepFields = { id: 'soak-sweep-0001', name: 'soak', command: 'gmoe sweep soak.yaml' };
    const client = new MlflowClient({
      trackingUri: proxy.url,
      retry: { retries: 3, maxDelayMs: 2000 },
      timeoutMs: 20_000,
    });
    const spool = openSpool(directory);
    const parent = recordLayout(spool, sweepLayout(sweep, 24));
    const events: UploaderEvent[] = [];
    const uploader = startUploader(directory, client, { maxBackoffMs: 5000 }, (event) => events.push(event));
    const work = (trials: readonly number[]): ChildProcess =>
      spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          resolve(import.meta.dirname, 'testing/sweep-worker.ts'),
          directory,
          JSON.stringify(sweep),
          JSON.stringify(trials),
        ],
        {
          stdio: 'ignore',
          env: { ...process.env, TSX_TSCONFIG_PATH: resolve(import.meta.dirname, '../../../../tsconfig.base.json') },
        },
      );
    const over = (child: ChildProcess): Promise<unknown> => new Promise((done) => child.once('exit', done));
    const shares = [0, 1, 2, 3].map((worker) => Array.from({ length: 6 }, (_, index) => 4 * index + worker));
    const workers = shares.map(work);
    const ends = workers.map(over);

    await sleep(6000);
    proxy.fault = (n) =>
      n % 3 === 0 ? { kind: 'none' } : { kind: 'status', status: n % 3 === 1 ? 500 : 429, retryAfter: '1' };
    await sleep(4000);
    proxy.fault = () => ({ kind: 'none' });
    await server.kill();
    workers[0]!.kill('SIGKILL');
    await sleep(30_000);
    await server.restart();
    await Promise.all(ends);
    // The launcher starts the killed worker's trials again.
    await over(work(shares[0]!));
    for (let arm = 0; arm < 6; arm++) {
      const seeds = [0, 1, 2, 3].map((seed) => ({ seed, metrics: { 'final/accuracy': (4 * arm + seed) / 24 } }));
      recordLayout(
        spool,
        armLayout(sweep, { arm: `arm ${arm}`, group: `arm ${arm}`, config: { router: { id: `arm ${arm}` } }, seeds }),
      ).end();
    }
    parent.end();
    await uploader.close({ timeoutMs: 60_000 });
    expect(events.some((event) => event.type === 'failed')).toBe(true);

    const report = await syncDirectory(directory, client);
    expect(report.runs.flatMap((run) => run.verification?.differences ?? [`${run.name}: ${run.state}`])).toEqual([]);
    expect(report.complete).toBe(true);
    const experiment = await client.experiments.getByName('soak');
    const runs: Run[] = [];
    for await (const run of client.runs.search({ experimentIds: [experiment!.experimentId], pageSize: 10 }))
      runs.push(run);
    expect(runs.length).toBe(1 + 24 + 6);
    const parentId = runs.find((run) => run.tags['kind'] === 'sweep')!.info.runId;
    for (const run of runs) {
      expect(run.info.status).toBe('FINISHED');
      expect(run.tags['mlflow.parentRunId']).toBe(run.tags['kind'] === 'trial' ? parentId : undefined);
      if (run.tags['kind'] !== 'trial') continue;
      const steps: number[] = [];
      for await (const point of client.runs.metricHistory(run.info.runId, 'train/loss')) steps.push(point.step);
      expect(steps.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, step) => step));
    }
  });
});
