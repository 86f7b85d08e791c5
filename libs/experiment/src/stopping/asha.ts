import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { FORMAT_VERSION, type PlannedTrial, type StoppingOptions } from '../records/index.js';
import { attemptFolder } from '../store/claim.js';
import { readStops, type ArmStop } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import { EvaluationLog } from './evaluation-log.js';
import { halve } from './halving.js';
import type { SchedulingPolicy, WorkItem } from './policy.js';

interface Arm {
  readonly name: string;
  readonly group: string;
  readonly trials: readonly PlannedTrial[];
  /** Index of the rung up to which its trials were given out; `rungs.length` means to the end. */
  given: number;
  stopped: boolean;
}

/**
 * Early stopping by successive halving over whole arms: an arm has reached a rung when all its seeds have, its score there is the
 * mean of the metric over the seeds, and one in `eta` arms goes on (`halve` has the rule). An arm of which a seed failed has the
 * worst score: it must not win by those that survived. All state comes from the store, and decisions depend on the scores alone,
 * so a kill, a restart or another number of workers decides alike.
 */
export function createAsha(store: SweepStore, options: StoppingOptions, hashes?: readonly string[]): SchedulingPolicy {
  const rungs = [...options.rungs].sort((a, b) => a - b);
  const arms = armsOf(store, hashes);
  const sign = options.mode === 'max' ? 1 : -1;
  const known = new Map<string, number>();
  const log = new EvaluationLog();

  const scoreOfTrial = (trial: PlannedTrial, rung: number): number | undefined => {
    const key = `${trial.hash}/${rung}`;
    const score = known.get(key) ?? trialScore(store, trial, options.metric, rungs[rung]!, log);
    if (score !== undefined) known.set(key, score);
    return score;
  };
  const scoreOf = (arm: number, rung: number): number | undefined => {
    let sum = 0;
    for (const trial of arms[arm]!.trials) {
      const score = scoreOfTrial(trial, rung);
      if (score === undefined) return undefined;
      sum += score;
    }
    return Number.isNaN(sum) ? -Infinity : (sign * sum) / arms[arm]!.trials.length;
  };
  const decide = () => halve(arms.length, rungs.length, options.eta, scoreOf);
  /** What is left to run of an arm up to a rung. */
  const itemsOf = (arm: Arm, target: number): WorkItem[] => {
    arm.given = target;
    if (arm.stopped) return [];
    const step = rungs[target];
    const reached = (trial: PlannedTrial): boolean =>
      store.isPublished(trial.hash) || (step !== undefined && scoreOfTrial(trial, target) !== undefined);
    return arm.trials.filter((trial) => !reached(trial)).map((trial) => ({ trial, pauseAtStep: step }));
  };
  const promoted = (): WorkItem[] => {
    const { targets } = decide();
    return arms.flatMap((arm, index) => (targets[index]! > arm.given ? itemsOf(arm, targets[index]!) : []));
  };

  return {
    start: () => {
      const { targets } = decide();
      return arms.flatMap((arm, index) => itemsOf(arm, targets[index]!));
    },
    advance: promoted,
    wants: ({ trial, pauseAtStep }) =>
      !store.isPublished(trial.hash) &&
      (pauseAtStep === undefined || scoreOfTrial(trial, rungs.indexOf(pauseAtStep)) === undefined),
    drain() {
      const items = promoted();
      if (items.length > 0) return { items, stops: [] };
      const stops = decide().stopped.flatMap(({ arm: index, rung, rank, compared }) => {
        const arm = arms[index]!;
        if (arm.stopped) return [];
        arm.stopped = true;
        return [stopOf(arm, sign * scoreOf(index, rung)!, rank, compared, rungs[rung]!, options)];
      });
      return { items: [], stops };
    },
  };
}

function armsOf(store: SweepStore, hashes?: readonly string[]): Arm[] {
  const byGroup = new Map<string, PlannedTrial[]>();
  const chosen = hashes && new Set(hashes);
  for (const trial of store.manifest().trials) {
    if (chosen && !chosen.has(trial.hash)) continue;
    const group = byGroup.get(trial.group);
    if (group) group.push(trial);
    else byGroup.set(trial.group, [trial]);
  }
  const stops = new Set(readStops(store).map((stop) => stop.group));
  return [...byGroup].map(([group, trials]) => ({
    name: trials[0]!.arm,
    group,
    trials,
    given: 0,
    stopped: stops.has(group),
  }));
}

/** Metric at the first evaluation that reaches the step; of a finished trial its last one; NaN of a failed trial. */
function trialScore(
  store: SweepStore,
  trial: PlannedTrial,
  metric: string,
  step: number,
  log: EvaluationLog,
): number | undefined {
  const result = store.result(trial.hash);
  if (result?.status === 'failed') return Number.NaN;
  const folder = store.trialFolder(trial.hash);
  const attempts = result ? [result.attempt] : store.attempts(trial.hash).reverse();
  for (const attempt of attempts) {
    const evaluations = log.of(join(attemptFolder(folder, attempt), 'events.jsonl'));
    const measured = evaluations.filter(({ metrics }) => metrics[metric] !== undefined);
    const at = measured.find((event) => event.step >= step) ?? (result ? measured.at(-1) : undefined);
    if (at) return at.metrics[metric];
    const without = evaluations.find((event) => event.step >= step);
    if (without) {
      const known = Object.keys(without.metrics).join(', ') || 'none';
      throw new UserError(`stopping.metric: no evaluation has '${metric}'; it has: ${known}`);
    }
  }
  return result?.metrics[metric] ?? (result ? Number.NaN : undefined);
}

function stopOf(
  arm: Arm,
  score: number,
  rank: number,
  compared: number,
  step: number,
  { metric, eta, mode }: StoppingOptions,
): ArmStop {
  return {
    formatVersion: FORMAT_VERSION,
    group: arm.group,
    arm: arm.name,
    rule: `asha: at step ${step} one in ${eta} arms goes on, by ${mode} of mean ${metric} over ${arm.trials.length} seeds`,
    step,
    score: Number.isFinite(score) ? score : mode === 'max' ? -Number.MAX_VALUE : Number.MAX_VALUE,
    rank,
    compared,
    time: Date.now(),
  };
}
