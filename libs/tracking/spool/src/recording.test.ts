import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { BestMetrics, describeMachine, openSpool, readGitState, startSystemMetrics, trackingClient } from './index.js';
import { readJournal } from './journal-reader.js';

const root = mkdtempSync(join(tmpdir(), 'spool-recording-'));
afterEach(() => vi.useRealTimers());
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('samples processor and memory under MLflow’s names, going on after a restart', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const fields = { id: 'system-metrics', experiment: 'e', name: 'n' };
  for (let attempt = 0; attempt < 2; attempt++) {
    const run = openSpool(root).run(fields);
    const sampler = startSystemMetrics(run, 1000);
    for (const until = performance.now() + 30; performance.now() < until;);
    vi.advanceTimersByTime(3000);
    sampler.stop();
    vi.advanceTimersByTime(3000);
    run.close();
  }
  const samples = [...readJournal(join(root, 'system-metrics.spool.jsonl'))].flatMap(({ record }) =>
    record?.type === 'metrics' ? [record] : [],
  );
  expect(samples.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  for (const { metrics } of samples) {
    expect(Object.keys(metrics)).toEqual([
      'system/cpu_utilization_percentage',
      'system/system_memory_usage_megabytes',
      'system/system_memory_usage_percentage',
    ]);
    const [cpu, megabytes, percentage] = Object.values(metrics) as [number, number, number];
    expect(cpu).toBeGreaterThanOrEqual(0);
    expect(cpu).toBeLessThanOrEqual(100);
    expect(percentage).toBeCloseTo((100 * megabytes * 1e6) / totalmem(), 0);
  }
});

it('remembers last and best, whatever the direction, never NaN', () => {
  const best = new BestMetrics({ 'eval/accuracy': 'max', 'eval/loss': 'min', never: 'max' });
  [0.5, 0.7, NaN, 0.6].forEach((value, step) => best.observe(step, { 'eval/accuracy': value, 'eval/loss': value }));
  expect(best.metrics()).toEqual({
    'final/eval/accuracy': 0.6,
    'final/eval/loss': 0.6,
    'best/eval/accuracy': 0.7,
    'best/eval/accuracy_step': 1,
    'best/eval/loss': 0.5,
    'best/eval/loss_step': 0,
  });
});

it('reads the state of a repository', () => {
  const folder = mkdtempSync(join(root, 'git-'));
  expect(readGitState(folder)).toBeUndefined();
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e', ...args], { cwd: folder, encoding: 'utf8' });
  git('init', '-q', '-b', 'topic');
  writeFileSync(join(folder, 'a'), '1');
  git('add', 'a');
  git('commit', '-qm', 'first');
  git('remote', 'add', 'origin', 'https://user:secret@example.org/x.git');
  const state = {
    commit: git('rev-parse', 'HEAD').trim(),
    branch: 'topic',
    dirty: false,
    repoUrl: 'https://example.org/x.git',
  };
  expect(readGitState(folder)).toEqual(state);
  writeFileSync(join(folder, 'a'), '2');
  expect(readGitState(folder)).toEqual({ ...state, dirty: true });
});

it('describes the machine in words', () => {
  expect(Object.keys(describeMachine())).toEqual(['host', 'os', 'cpu', 'cores', 'memory_gib', 'node']);
});

it('makes a client of the environment, or says what is wrong with it', () => {
  expect(trackingClient({})).toBeUndefined();
  expect(trackingClient({ MLFLOW_TRACKING_URI: 'http://u:p@h:1/prefix/' })!.trackingUri).toBe('http://h:1/prefix');
  expect(() => trackingClient({ MLFLOW_TRACKING_URI: './mlruns' })).toThrow(
    "MLFLOW_TRACKING_URI './mlruns': MlflowClient: trackingUri: must be the http",
  );
});
