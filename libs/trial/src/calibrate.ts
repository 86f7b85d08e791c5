import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, type ComponentChoice } from '@gmoe/core';
import type { TrialAttempt } from '@gmoe/experiment';
import { loadBase } from './base-model.js';
import { createTrialExecutor, type RunTrialOptions } from './run-trial.js';
import { loadTaskData } from './task-data.js';
import { trainingSteps } from './training-steps.js';
import type { TrialConfig } from './trial-schema.js';

/** Enough for a median that the first step, which compiles, does not decide. */
const MEASURED_STEPS = 6;

/** A strategy without the schedule of its coefficient. */
const constant = ({ id, ...options }: ComponentChoice): ComponentChoice => ({ id, ...options, schedule: undefined });

/** How long a trial takes here, from a few of its steps. */
export interface Calibration {
  /** Median of the measured steps after the first, s. */
  readonly secondsPerStep: number;
  /** The whole trial: start, every step, evaluations, s. */
  readonly secondsPerTrial: number;
}

/**
 * Runs the first steps of a trial and its evaluations in a folder that is removed again, and extrapolates:
 * `T = T_short + (steps - short) s + (evaluations - 1) e`, with s a step's and e a dev evaluation's time.
 */
export async function calibrateTrial(
  config: TrialConfig,
  { components, engine }: Pick<RunTrialOptions, 'components' | 'engine'>,
): Promise<Calibration> {
  const base = await loadBase(config.base, components, config.compute);
  const data = await loadTaskData(config, base.tokenizer, components);
  const steps = trainingSteps(config.training, (await data.split('train')).length);
  const measured = Math.min(steps, MEASURED_STEPS);
  const { evalEvery } = config.training;
  const training = { ...config.training, steps: measured, evalEvery: evalEvery === null ? null : measured };
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-calibration-'));
  const stepEnds: number[] = [];
  let evaluation = 0;
  const attempt: TrialAttempt = {
    hash: 'calibration',
    group: 'calibration',
    arm: 'calibration',
    axes: {},
    seed: config.seed,
    config: {},
    folder,
    signal: new AbortController().signal,
    emit(event) {
      const now = performance.now();
      if (event.type === 'step') stepEnds.push(now);
      if (event.type === 'eval') evaluation = (now - (stepEnds.at(-1) ?? now)) / 1000;
    },
    log: () => undefined,
    saveCheckpoint: async () => undefined,
  };
  const execute = createTrialExecutor({
    components,
    // A short run needs no schedule, and may be shorter than its warm-up.
    resolve: () => ({
      ...config,
      training,
      schedule: { id: 'constant' },
      coordination: config.coordination.map(constant),
    }),
    ...(engine ? { engine } : {}),
  });
  const started = performance.now();
  try {
    await execute(attempt);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const short = (performance.now() - started) / 1000;
  const between = stepEnds.slice(1).map((end, index) => (end - stepEnds[index]!) / 1000);
  const secondsPerStep = between.length > 0 ? median(between) : short;
  const evaluations = evalEvery === null ? 1 : Math.max(1, Math.floor(steps / evalEvery));
  return {
    secondsPerStep,
    secondsPerTrial: short + (steps - measured) * secondsPerStep + (evaluations - 1) * evaluation,
  };
}
