import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SweepStore } from '../store/index.js';
import { readClaim } from '../store/claim.js';

export interface KillPlan {
  readonly worker: string;
  readonly launch: string;
  readonly kills: number;
  readonly stepMs: number;
  readonly jobs: number;
  readonly random: () => number;
}

/**
 * Runs a sweep in processes of its own and kills workers and launchers with SIGKILL at random, starting the launcher
 * again each time, until the sweep ends by itself. Returns how often each was killed.
 */
export async function runUnderFire(store: SweepStore, plan: KillPlan): Promise<{ launchers: number; workers: number }> {
  const killed = { launchers: 0, workers: 0 };
  let launcher = start(store, plan);
  for (let round = 0; round < plan.kills; round++) {
    await workIsUnderWay(store, launcher);
    await delay(plan.random() * plan.stepMs * 20);
    if (launcher.exitCode !== null) break;
    const victim = plan.random() < 0.5 ? claimants(store)[0] : undefined;
    if (victim !== undefined) {
      killQuietly(victim);
      killed.workers++;
      continue;
    }
    const ended = new Promise((resolve) => launcher.on('close', resolve));
    launcher.kill('SIGKILL');
    killed.launchers++;
    // Half of the time its workers die with it, else they find themselves alone.
    if (plan.random() < 0.5) for (const pid of claimants(store)) killQuietly(pid);
    await ended;
    launcher = start(store, plan);
  }
  const code = launcher.exitCode ?? (await new Promise((resolve) => launcher.on('close', resolve)));
  if (code !== 0) throw new Error(`the last launcher ended with ${String(code)}`);
  return killed;
}

function start(store: SweepStore, { launch, worker, stepMs, jobs }: KillPlan): ChildProcess {
  return spawn(process.execPath, [launch, store.folder, worker, String(stepMs), String(jobs)], { stdio: 'ignore' });
}

/** Until some worker holds a claim, or the launcher has ended. */
async function workIsUnderWay(store: SweepStore, launcher: ChildProcess): Promise<void> {
  while (launcher.exitCode === null && claimants(store).length === 0) await delay(5);
}

function claimants(store: SweepStore): number[] {
  return store.manifest().trials.flatMap((trial) => {
    const claim = readClaim(store.trialFolder(trial.hash));
    return claim ? [claim.owner.pid] : [];
  });
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** Attempts of a trial that came to a result. */
export function finishedAttempts(store: SweepStore, hash: string): number {
  const attempts = join(store.trialFolder(hash), 'attempts');
  return readdirSync(attempts).filter((name) => {
    try {
      return readFileSync(join(attempts, name, 'result.json'), 'utf8').includes('finished');
    } catch {
      return false;
    }
  }).length;
}
