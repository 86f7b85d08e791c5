import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { parseGpuMetrics } from './gpu-metrics.js';
import {
  BestMetrics,
  describeMachine,
  openSpool,
  readGitState,
  recordLayout,
  startSystemMetrics,
  trackingClient,
  type RunLayout,
} from './index.js';
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
    vi.advanceTimersByTime(2000);
    // The last sample is taken when it stops.
    sampler.stop();
    vi.advanceTimersByTime(3000);
    run.close();
  }
  const samples = [...readJournal(join(root, 'system-metrics.spool.jsonl'))].flatMap(({ record }) =>
    record?.type === 'metrics' ? [record] : [],
  );
  expect(samples.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  for (const { metrics } of samples) {
    // What MLflow's own monitors of processor, memory, disk and network log.
    const names = [
      'cpu_utilization_percentage',
      'system_memory_usage_megabytes',
      'system_memory_usage_percentage',
    ].concat(
      ['disk_usage_megabytes', 'disk_usage_percentage', 'disk_available_megabytes'],
      existsSync('/proc/net/dev') ? ['network_receive_megabytes', 'network_transmit_megabytes'] : [],
    );
    expect(Object.keys(metrics)).toEqual(names.map((name) => `system/${name}`));
    for (const value of Object.values(metrics)) expect(value).toBeGreaterThanOrEqual(0);
    const [cpu, megabytes, percentage] = Object.values(metrics) as [number, number, number];
    expect(cpu).toBeGreaterThanOrEqual(0);
    expect(cpu).toBeLessThanOrEqual(100);
    expect(percentage).toBeCloseTo((100 * megabytes * 1e6) / totalmem(), 0);
  }
});

it('names what nvidia-smi says of each GPU as MLflow does', () => {
  expect(parseGpuMetrics('35, 20480, 81920, 175.50, 350.00\n0, 0, 16384, [N/A], [N/A]\n')).toEqual({
    'system/gpu_0_utilization_percentage': 35,
    'system/gpu_0_memory_usage_megabytes': 21_474.8,
    'system/gpu_0_memory_usage_percentage': 25,
    'system/gpu_0_power_usage_watts': 175.5,
    'system/gpu_0_power_usage_percentage': 50.1,
    'system/gpu_1_utilization_percentage': 0,
    'system/gpu_1_memory_usage_megabytes': 0,
    'system/gpu_1_memory_usage_percentage': 0,
  });
});

it('records a changed value of a summary again, an equal one not', () => {
  const layout = (metrics: Record<string, number>): RunLayout => ({
    run: { id: 'summary-run', experiment: 'e', name: 'n' },
    params: {},
    tags: {},
    datasets: [],
    metrics: [{ step: 3, metrics }],
  });
  for (const metrics of [
    { a: 1, b: 2 },
    { a: 1, b: 2 },
    { a: 1, b: 5 },
  ]) {
    const recorder = recordLayout(openSpool(root), layout(metrics));
    expect(recorder.lastStep('missing')).toBe(-1);
    recorder.end();
  }
  const points = [...readJournal(join(root, 'summary-run.spool.jsonl'))].flatMap(({ record }) =>
    record?.type === 'metrics' ? [[record.step, record.metrics]] : [],
  );
  expect(points).toEqual([
    [3, { a: 1, b: 2 }],
    [3, { b: 5 }],
  ]);
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
});

it.each([
  [
    './mlruns',
    /^MLFLOW_TRACKING_URI: must be the http.*\(got '\.\/mlruns'\); .*mlflow server --backend-store-uri \.\/mlruns$/,
  ],
  ['file:///tmp/mlruns', /mlflow server --backend-store-uri file:\/\/\/tmp\/mlruns$/],
  ['sqlite:///mlflow.db', /mlflow server --backend-store-uri sqlite:\/\/\/mlflow\.db$/],
  ['databricks', /Databricks' own tracking is not supported$/],
  ['databricks://profile', /Databricks/],
  ['localhost:5000', /did you mean http:\/\/localhost:5000\?$/],
  ['http://', /^MLFLOW_TRACKING_URI: must be .*\(got 'http:\/\/'\)$/],
])('refuses the address %s in one line', (uri, message) => {
  expect(() => trackingClient({ MLFLOW_TRACKING_URI: uri })).toThrow(message);
});

it.each([
  ['MLFLOW_HTTP_REQUEST_TIMEOUT', 'soon'],
  ['MLFLOW_HTTP_REQUEST_MAX_RETRIES', '-1'],
  ['MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR', 'x'],
  ['MLFLOW_TRACKING_SERVER_CERT_PATH', '/no/such.pem'],
])('names the variable %s if it is wrong', (variable, value) => {
  const env = { MLFLOW_TRACKING_URI: 'https://h:1', [variable]: value };
  expect(() => trackingClient(env)).toThrow(variable);
  expect(() => trackingClient(env)).toThrow(value);
});
