import { join } from 'node:path';
import { messageOf } from '@gmoe/core';
import { canStop, planStatus, stepsOf, SweepStore, type TrialStatus } from '@gmoe/experiment';
import { lastStep } from './trial-files.js';
import type { SweepAnswer, SweepEntry, TrialEntry } from './ui-answers.js';

/** One line on each sweep. */
export function sweepEntries(root: string, paths: readonly string[]): SweepEntry[] {
  return paths.map((path): SweepEntry => {
    try {
      const { name, trials, counts } = planStatus(SweepStore.open(join(root, path)));
      return { path, name, trials: trials.length, counts };
    } catch (error) {
      return { path, name: path, trials: 0, counts: {}, problem: messageOf(error) };
    }
  });
}

/** Where every trial of a sweep stands. */
export function sweepAnswer(root: string, path: string): SweepAnswer {
  const store = SweepStore.open(join(root, path));
  const { name, arms, trials, estimate } = planStatus(store);
  return {
    path,
    name,
    arms: arms.map(({ group, name: arm, stop }) => ({ group, name: arm, ...(stop ? { stopped: stop.rule } : {}) })),
    trials: trials.map((trial) => trialEntry(store, trial)),
    secondsLeft: estimate?.secondsLeft ?? null,
  };
}

function trialEntry(store: SweepStore, trial: TrialStatus): TrialEntry {
  const { hash, group, seed, state, problem, result } = trial;
  const running = state === 'claimed';
  const step = result?.metrics['train/steps'] ?? lastStep(store, hash);
  return {
    hash,
    group,
    seed,
    state,
    step,
    steps: stepsOf(store, hash),
    ...(problem === undefined ? {} : { problem }),
    metrics: result?.metrics ?? {},
    seconds: result?.seconds ?? null,
    here: running && canStop(store, hash),
  };
}
