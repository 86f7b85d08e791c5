import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { sweepActivity } from '@gmoe/experiment';
import { bundle, fakeStore } from '@gmoe/experiment/testing';
import { lines } from './top.js';

it('shows who works on what, and what has failed, from the store alone', async () => {
  const raw = { trial: { steps: 400 }, grid: { fault: ['throw', 'none'] } };
  const store = fakeStore(raw);
  expect(lines(sweepActivity(store))).toEqual(['test: 2 trials: 2 open', 'nobody works on it']);
  const worker = spawn(process.execPath, [await bundle('fake-worker'), store.folder, '20'], { stdio: 'ignore' });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const working = () => sweepActivity(store).working[0];
  while (!working()?.loss || working()?.heartbeatSeconds === null) await delay(20);
  const activity = sweepActivity(store);
  expect(activity.working).toHaveLength(1);
  expect(activity.working[0]).toMatchObject({ pid: worker.pid, steps: 400, failures: 0, trial: { seed: 0 } });
  const shown = lines(activity);
  expect(shown[0]).toBe('test: 2 trials: 1 failed, 1 running');
  expect(shown[2]).toMatch(
    new RegExp(`^none, seed 0\\s+\\S+\\s+${worker.pid}\\s+\\d+/400\\s+0\\.\\d{3}\\s+\\d+ s\\s+-$`),
  );
  expect(shown[3]).toBe('failed: throw, seed 0: shapes do not fit');
  expect(lines(activity, 30).every((line) => line.length <= 30)).toBe(true);
});
