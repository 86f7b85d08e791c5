import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InfrastructureError, type TrialAttempt, type TrialOutcome } from '../worker/index.js';

/** One step of the fake training: the state is a chain of hashes, so one step too many or too few shows in every bit. */
function step(state: string, seed: number): string {
  return createHash('sha256').update(`${state}/${seed}`).digest('hex');
}

const valueOf = (state: string): number => Number.parseInt(state.slice(0, 12), 16) / 2 ** 48;

/**
 * A trial without a model: it checkpoints, resumes, stops and fails as real ones do.
 *
 * @param stepMs pause per step, so that there is time to be killed
 */
export function fakeTrial(stepMs = 0): (attempt: TrialAttempt) => Promise<TrialOutcome> {
  return async (attempt) => {
    const { config, checkpoint, signal, seed } = attempt;
    const steps = Number(config['steps']);
    let state = checkpoint
      ? readFileSync(join(checkpoint.folder, 'state'), 'utf8')
      : createHash('sha256')
          .update(JSON.stringify({ ...config, engine: undefined }))
          .digest('hex');
    await fail(String(config['fault'] ?? 'none'), attempt);
    for (let done = checkpoint?.step ?? 0; done < steps;) {
      state = step(state, seed);
      done++;
      attempt.emit({ type: 'step', step: done, metrics: { 'train/loss': valueOf(state) } });
      if (done % 2 === 0 || done === steps) {
        const quality = Number(config['quality'] ?? 0);
        attempt.emit({ type: 'eval', step: done, metrics: { 'eval/accuracy': quality || valueOf(state) } });
        await attempt.saveCheckpoint(done, (folder) => writeFileSync(join(folder, 'state'), state));
      }
      if (signal.aborted && done < steps) {
        await attempt.saveCheckpoint(done, (folder) => writeFileSync(join(folder, 'state'), state));
        throw signal.reason;
      }
      if (stepMs > 0) await delay(stepMs);
    }
    writeFileSync(join(attempt.folder, 'predictions.jsonl'), `${state}\n`);
    return { metrics: { 'final/accuracy': valueOf(state) } };
  };
}

async function fail(fault: string, attempt: TrialAttempt): Promise<void> {
  const first = attempt.folder.includes('/0001-');
  if (fault === 'throw') throw new TypeError('shapes do not fit');
  if (fault === 'odd' || (fault === 'odd-once' && first)) throw new Error('nobody knows');
  if (fault === 'diverge') attempt.log('about to diverge');
  if (fault === 'infrastructure') throw new InfrastructureError('device lost');
  if (fault === 'flaky' && first) throw new InfrastructureError('device lost');
  if (fault === 'abort') process.abort();
  if (fault === 'exit') process.exit(7);
  if (fault === 'kill-once' && first) process.kill(process.pid, 'SIGKILL');
  if (fault === 'heap-once' && first) {
    while (countBeside(attempt, 'claim.json') < 2) await delay(5);
    process.stderr.write('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n');
    process.abort();
  }
  // Stays until some attempt has failed, so that it has company.
  if (fault === 'patient') while (countBeside(attempt, 'failure.json') === 0) await delay(5);
  if (fault === 'disk-full') writeFileSync('/dev/full', 'x'.repeat(10));
  if (fault === 'memory') {
    const hoard: Buffer[] = [];
    for (;;) {
      hoard.push(Buffer.alloc(32 * 2 ** 20, 1));
      await delay(5);
    }
  }
  if (fault === 'hang') {
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  }
  if (fault === 'freeze-once' && first) {
    process.kill(process.pid, 'SIGSTOP');
    await delay(100);
  }
  if (fault === 'slow') await delay(60_000, undefined, { signal: attempt.signal }).catch(() => undefined);
  if (fault === 'slow' && attempt.signal.aborted) throw attempt.signal.reason;
}

/** Files of a name in the folders of all trials and of their attempts. */
function countBeside(attempt: TrialAttempt, name: string): number {
  const trials = join(attempt.folder, '..', '..', '..');
  const folders = readdirSync(trials).flatMap((trial) => {
    const attempts = join(trials, trial, 'attempts');
    return [join(trials, trial), ...readdirSync(attempts).map((id) => join(attempts, id))];
  });
  return folders.filter((folder) => existsSync(join(folder, name))).length;
}
