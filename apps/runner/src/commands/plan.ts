import { join, resolve } from 'node:path';
import { parseOptions } from '@gmoe/core';
import { defaultJobs, loadSweep, planStatus, SweepStore, type SweepPlan, type TrialStatus } from '@gmoe/experiment';
import { calibrateTrial } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { dataOverride } from '../data-override.js';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { duration } from '../progress/sweep-state.js';
import { changeLines, changesOf } from '../code.js';
import { components, schema } from '../components.js';
import { checkData } from '../data-needs.js';
import { planWithPlugins } from '../plugins.js';
import { checkStopping } from '../stopping-needs.js';

const optionsSchema = z.object({
  out: z.string().optional(),
  set: z.array(z.string()).default([]),
  data: z.string().optional(),
  jobs: z.coerce.number().int().min(1).optional(),
  calibrate: z.boolean().default(false),
});

export function addPlan(program: Command): void {
  addEngineOptions(
    program
      .command('plan')
      .description('list the arms and trials of a sweep, what is done, failed or open, and how long the rest may take')
      .argument('<sweep.yaml>', 'sweep file')
      .option('--out <dir>', 'folder of the sweep (default: runs/NAME)')
      .option('--set <path=value...>', 'override a field', (value: string, all: string[] = []) => [...all, value])
      .option('--data <dir>', "folder with the task's files; the same as --set task.dataDir=DIR")
      .option('--jobs <n>', 'trials at a time, for the estimate (default: as the file says, else one per core)')
      .option('--calibrate', 'run a few steps of the first open trial to estimate the time')
      .action(runPlan),
  );
}

async function runPlan(file: string, raw: object): Promise<void> {
  const options = parseOptions(optionsSchema, raw, '--');
  const set = [...options.set, ...dataOverride(options.data)];
  const spec = loadSweep(file, { set });
  const plan = await planWithPlugins(spec, { set });
  checkStopping(plan);
  const folder = resolve(options.out ?? join('runs', plan.name));
  const store = SweepStore.openIfThere(folder);
  const states = new Map(
    (store ? planStatus(store, { trials: plan.trials }).trials : []).map((trial) => [trial.hash, trial]),
  );
  await checkData(plan, folder);
  printArms(plan, states);
  const jobs = options.jobs ?? launcherJobs(plan) ?? defaultJobs();
  const calibrationSeconds = options.calibrate ? await calibrate(plan, states, raw) : undefined;
  const estimate = store
    ? planStatus(store, {
        trials: plan.trials,
        jobs,
        ...(calibrationSeconds === undefined ? {} : { calibrationSeconds }),
      }).estimate
    : unstarted(plan.trials.length, jobs, calibrationSeconds);
  process.stdout.write(`${totals(plan, states)}\n`);
  if (store) for (const line of changeLines(changesOf(store))) process.stdout.write(`${line}\n`);
  if (!estimate) {
    process.stdout.write('no trial is finished yet: --calibrate runs a few steps to estimate the time\n');
  } else if (estimate.secondsLeft > 0) {
    const basis = estimate.basis > 0 ? `${estimate.basis} finished trials` : 'a calibration';
    process.stdout.write(
      `about ${duration(estimate.secondsLeft)} left: ${duration(estimate.secondsPerTrial)} a trial, ${jobs} at a time (from ${basis})\n`,
    );
  }
}

function printArms(plan: SweepPlan, states: ReadonlyMap<string, TrialStatus>): void {
  for (const arm of plan.arms) {
    process.stdout.write(`${arm.name}\n`);
    for (const { hash, seed } of arm.trials) {
      const status = states.get(hash);
      const problem = status?.problem === undefined ? '' : `: ${status.problem}`;
      const kept = status?.checkpoint === undefined ? '' : `, checkpoint at step ${status.checkpoint}`;
      process.stdout.write(
        `  ${hash.slice(0, 16)}  seed ${String(seed).padEnd(4)}  ${status?.state ?? 'todo'}${kept}${problem}\n`,
      );
    }
  }
}

function totals(plan: SweepPlan, states: ReadonlyMap<string, TrialStatus>): string {
  const count = (state: string): number => [...states.values()].filter((status) => status.state === state).length;
  const paused = [...states.values()].filter(({ checkpoint }) => checkpoint !== undefined).length;
  const others = ['failed', 'damaged', 'stopped', 'claimed'].filter((state) => count(state) > 0);
  return [
    `${plan.trials.length} trials in ${plan.arms.length} arms`,
    `${count('finished')} finished`,
    ...others.map((state) => `${count(state)} ${state}`),
    ...(paused > 0 ? [`${paused} with a checkpoint`] : []),
    ...(plan.duplicates > 0 ? [`${plan.duplicates} duplicate combinations left out`] : []),
  ].join(', ');
}

/** Trials at a time as the sweep file says. */
function launcherJobs({ spec: { launcher } }: SweepPlan): number | undefined {
  return typeof launcher?.['jobs'] === 'number' ? launcher['jobs'] : undefined;
}

/** Seconds of the first trial that is still to run. */
async function calibrate(
  plan: SweepPlan,
  states: ReadonlyMap<string, TrialStatus>,
  raw: object,
): Promise<number | undefined> {
  const open = plan.trials.find(({ hash }) => (states.get(hash)?.state ?? 'todo') === 'todo');
  if (!open) return undefined;
  const engine = readEngineOptions(raw);
  const { secondsPerStep, secondsPerTrial } = await calibrateTrial(schema.resolve(open.config), { components, engine });
  process.stdout.write(
    `calibrated on ${open.arm}: ${secondsPerStep.toPrecision(3)} s a step, ${duration(secondsPerTrial)} a trial\n`,
  );
  return secondsPerTrial;
}

function unstarted(trials: number, jobs: number, secondsPerTrial: number | undefined) {
  if (secondsPerTrial === undefined) return undefined;
  const rounds = Math.max(1, trials / Math.min(jobs, trials));
  return { secondsPerTrial, secondsLeft: rounds * secondsPerTrial, basis: 0 };
}
