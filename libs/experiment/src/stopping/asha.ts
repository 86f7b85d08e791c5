import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { FORMAT_VERSION, readJsonLines, trialEventSchema, type PlannedTrial } from '../records/index.js';
import type { StoppingOptions } from '../spec/index.js';
import { attemptFolder } from '../store/claim.js';
import { readStops, type ArmStop } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import type { SchedulingPolicy, WorkItem } from './policy.js';

interface Arm {
  readonly name: string;
  readonly group: string;
  readonly trials: readonly PlannedTrial[];
  /** Index of the rung that it runs to; `rungs.length` means to the end. */
  target: number;
  stopped: boolean;
}

/**
 * Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2)
 * over whole arms: an arm has reached a rung when all its seeds have, its score there is the mean of the metric over
 * the seeds, and one in `eta` arms goes on. All state comes from the store, so a restart decides alike.
 *
 * Differs from the algorithm: if fewer than `eta` arms reach a rung, the best one still goes on.
 */
export function createAsha(store: SweepStore, options: StoppingOptions, hashes?: readonly string[]): SchedulingPolicy {
  const rungs = [...options.rungs].sort((a, b) => a - b);
  const arms = armsOf(store, hashes);
  const sign = options.mode === 'max' ? 1 : -1;

  const scoreOf = (arm: Arm, rung: number): number | undefined => {
    const scores = arm.trials.map((trial) => trialScore(store, trial, options.metric, rungs[rung]!));
    if (scores.includes(undefined)) return undefined;
    const known = (scores as number[]).filter((score) => !Number.isNaN(score));
    return known.length > 0 ? known.reduce((sum, score) => sum + score, 0) / known.length : -sign * Infinity;
  };
  /** Arms at a rung that all their seeds have reached, best first. */
  const ranking = (rung: number): { arm: Arm; score: number }[] =>
    arms
      .filter((arm) => arm.target >= rung)
      .flatMap((arm) => {
        const score = scoreOf(arm, rung);
        return score === undefined ? [] : [{ arm, score }];
      })
      .sort((a, b) => sign * (b.score - a.score));
  /** What is left to run of an arm up to its present target. */
  const itemsOf = (arm: Arm): WorkItem[] => {
    const step = rungs[arm.target];
    const reached = (trial: PlannedTrial): boolean =>
      store.isPublished(trial.hash) ||
      (step !== undefined && trialScore(store, trial, options.metric, step) !== undefined);
    return arm.trials.filter((trial) => !reached(trial)).map((trial) => ({ trial, pauseAtStep: step }));
  };
  /** Promotes what is promotable at the topmost rung where something is. */
  const promote = (atLeast: number): Arm[] => {
    for (let rung = rungs.length - 1; rung >= 0; rung--) {
      const ranked = ranking(rung);
      const best = ranked.slice(0, Math.max(atLeast, Math.floor(ranked.length / options.eta)));
      const promoted = best.map(({ arm }) => arm).filter((arm) => arm.target === rung && !arm.stopped);
      for (const arm of promoted) arm.target++;
      if (promoted.length > 0) return promoted;
    }
    return [];
  };
  const promoteAll = (): WorkItem[] => {
    const items: WorkItem[] = [];
    for (let arms = promote(0); arms.length > 0; arms = promote(0)) items.push(...arms.flatMap(itemsOf));
    return items;
  };

  return {
    start: () => [...arms.filter((arm) => !arm.stopped).flatMap(itemsOf), ...promoteAll()],
    advance: promoteAll,
    drain() {
      for (let promoted = promote(1); promoted.length > 0; promoted = promote(1)) {
        const items = promoted.flatMap(itemsOf);
        if (items.length > 0) return { items, stops: [] };
      }
      const stops = rungs.flatMap((step, rung) => {
        const ranked = ranking(rung);
        return ranked.flatMap(({ arm, score }, index) => {
          if (arm.stopped || arm.target !== rung) return [];
          arm.stopped = true;
          return [stopOf(arm, score, index + 1, ranked.length, step, options)];
        });
      });
      return { items: [], stops };
    },
  };
}

function armsOf(store: SweepStore, hashes?: readonly string[]): Arm[] {
  const byGroup = new Map<string, PlannedTrial[]>();
  for (const trial of store.manifest().trials) {
    if (hashes && !hashes.includes(trial.hash)) continue;
    byGroup.set(trial.group, [...(byGroup.get(trial.group) ?? []), trial]);
  }
  const stops = new Set(readStops(store).map((stop) => stop.group));
  return [...byGroup].map(([group, trials]) => ({
    name: trials[0]!.arm,
    group,
    trials,
    target: 0,
    stopped: stops.has(group),
  }));
}

/** Metric at the first evaluation that reaches the step; of a finished trial its last one; NaN of a failed trial. */
function trialScore(store: SweepStore, trial: PlannedTrial, metric: string, step: number): number | undefined {
  const result = store.result(trial.hash);
  if (result?.status === 'failed') return Number.NaN;
  const folder = store.trialFolder(trial.hash);
  const attempts = result ? [result.attempt] : store.attempts(trial.hash).reverse();
  for (const attempt of attempts) {
    const events = readJsonLines(join(attemptFolder(folder, attempt), 'events.jsonl'), trialEventSchema);
    const measured = events.filter((event) => event.type === 'eval' && event.metrics?.[metric] !== undefined);
    const at = measured.find((event) => event.step >= step) ?? (result ? measured.at(-1) : undefined);
    if (at) return at.metrics![metric];
    const without = events.find((event) => event.type === 'eval' && event.step >= step);
    if (without) {
      const known = Object.keys(without.metrics ?? {}).join(', ') || 'none';
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
