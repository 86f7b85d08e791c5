import { largest } from '@gmoe/core/extremes';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stableHash } from '@gmoe/core';
import type { Baseline, Prediction, RoutingRecord, SweepManifest, TrialEvent, TrialResult } from '@gmoe/experiment';
import { RandomKey } from '@gmoe/tensor';

const ROUTERS = ['linear', 'graph'] as const;
const COORDINATIONS = ['none', 'poisson', 'normal', 'poisson+normal'] as const;
const LAYERS = 4;
const EXPERTS = 8;
const OPTIONS = 7;
const STEPS = 200;
const START = Date.UTC(2026, 0, 15, 9, 0, 0);

/** What each choice does to ability (logits) and to the evenness of the load, in this made-up world. */
const ABILITY = { linear: 0, graph: 0.28, none: 0, poisson: 0.1, normal: -0.05, 'poisson+normal': 0.22 };
const SKEW = { none: 1.1, poisson: 1.3, normal: 0.35, 'poisson+normal': 0.5 };

export interface SyntheticOptions {
  readonly seeds?: number;
  readonly examples?: number;
  /** Trials to leave as failed, by index in the plan. */
  readonly failed?: readonly number[];
  /** Trials to leave without a result. */
  readonly missing?: readonly number[];
}

/**
 * Writes a made-up but plausible sweep, {linear, graph} × {none, poisson, normal, poisson+normal} × seeds, in the
 * layout of a real one. Known truths: graph is better than linear, poisson+normal than none.
 */
export function writeSyntheticSweep(folder: string, options: SyntheticOptions = {}): SweepManifest {
  const { seeds = 3, examples = 400, failed = [], missing = [] } = options;
  const world = RandomKey.fromSeed(20_260_115);
  const difficulty = world.fold('difficulty').normal([examples], 0, 1.6).data;
  const trials: SweepManifest['trials'] = [];
  for (const router of ROUTERS) {
    for (const coordination of COORDINATIONS) {
      const group = stableHash({ router, coordination });
      const axes = { router, coordination };
      for (let seed = 0; seed < seeds; seed++) {
        trials.push({ hash: stableHash({ group, seed }), group, arm: `${router} · ${coordination}`, axes, seed });
      }
    }
  }
  const manifest: SweepManifest = {
    formatVersion: 1,
    name: 'quickstart',
    description: 'Routers × coordination on openstax-topics: which textbook does this passage come from?',
    createdAt: START,
    updatedAt: START,
    limits: { retries: 3 },
    trials,
  };
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, 'sweep.json'), manifest);
  writeJson(join(folder, 'provenance.json'), {
    command: 'gmoe sweep experiments/quickstart.yaml',
    commit: '3f1c2ab7d9e04c55a1b2c3d4e5f60718293a4b5c',
    spec: 'name: quickstart\nbase: bundled\ntask: { id: openstax-topics }\ngrid:\n  router: [linear, graph]\n  coordination: [none, poisson, normal, poisson+normal]\nseeds: [0, 1, 2]\n',
  });
  writeJson(join(folder, 'baseline.json'), {
    formatVersion: 1,
    key: stableHash('bundled on openstax-topics'),
    task: 'openstax-topics',
    base: 'bundled',
    metrics: { 'eval/accuracy': 0.2075, 'eval/loss': 2.113 },
    chance: 1 / OPTIONS,
  } satisfies Baseline);
  trials.forEach((trial, index) => {
    const home = join(folder, 'trials', trial.hash.slice(0, 16));
    mkdirSync(join(home, 'attempts', 'a1'), { recursive: true });
    writeJson(join(home, 'config.json'), {
      formatVersion: 1,
      hash: trial.hash,
      group: trial.group,
      config: { base: 'bundled', task: { id: 'openstax-topics' }, seed: trial.seed },
    });
    if (missing.includes(index)) return;
    const made = makeTrial(world, trial, index, difficulty, failed.includes(index));
    writeJson(join(home, 'result.json'), made.result);
    writeLines(join(home, 'attempts', 'a1', 'events.jsonl'), made.events);
    writeLines(join(home, 'attempts', 'a1', 'predictions.jsonl'), made.predictions);
    if (made.routing) writeJson(join(home, 'attempts', 'a1', 'routing.json'), made.routing);
  });
  return manifest;
}

interface MadeTrial {
  readonly result: TrialResult;
  readonly events: TrialEvent[];
  readonly predictions: Prediction[];
  readonly routing?: RoutingRecord;
}

function makeTrial(
  world: RandomKey,
  trial: SweepManifest['trials'][number],
  index: number,
  difficulty: ArrayLike<number>,
  fails: boolean,
): MadeTrial {
  const { router, coordination } = trial.axes as { router: 'linear' | 'graph'; coordination: keyof typeof SKEW };
  const key = world.fold(trial.arm).fold(trial.seed);
  const noise = (name: string, count = 1) => key.fold(name).normal([count]).data as Float32Array;
  const ability = 0.25 + ABILITY[router] + ABILITY[coordination] + 0.09 * noise('seed')[0]!;
  const load = makeLoad(noise('load', LAYERS * EXPERTS), SKEW[coordination]);
  const predictions = makePredictions(key, difficulty, ability);
  const accuracy = predictions.filter(({ correct }) => correct).length / predictions.length;
  const startedAt = START + 1000 * 45 * Math.floor(index / 2);
  const seconds = 40 + (router === 'graph' ? 3.5 : 0) + Math.abs(noise('time')[0]!);
  const events = makeEvents(noise('curve', STEPS), startedAt, seconds, ability, load, fails);
  const entropies = load.map((row) => Math.exp(-row.reduce((sum, p) => sum + p * Math.log(p), 0)) / EXPERTS);
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const base = {
    formatVersion: 1 as const,
    ...trial,
    attempt: 'a1',
    attempts: 1,
    startedAt,
    finishedAt: startedAt + 1000 * seconds,
    seconds,
  };
  if (fails) {
    const message = 'step 96: train/loss is not finite (NaN); lower optimizer.learningRate';
    return {
      result: { ...base, status: 'failed', error: { kind: 'error', message }, metrics: {} },
      events,
      predictions: [],
    };
  }
  const metrics = {
    'eval/accuracy': accuracy,
    'eval/loss': 1.95 - 0.55 * ability + 0.02 * noise('loss')[0]!,
    'eval/macro_f1': accuracy - 0.012,
    'routing/entropy': average(entropies),
    'routing/max_share': average(load.map((row) => largest(row))),
    'model/trainable_parameters': router === 'graph' ? 231_424 : 218_112,
  };
  return {
    result: { ...base, status: 'finished', metrics, load },
    events,
    predictions,
    routing: makeRouting(key, load, predictions, router === 'graph'),
  };
}

function makeLoad(noise: Float32Array, skew: number): number[][] {
  return Array.from({ length: LAYERS }, (_, l) => {
    const powers = Array.from({ length: EXPERTS }, (_, e) => Math.exp(0.7 * skew * noise[l * EXPERTS + e]!));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((p) => p / sum);
  });
}

/** Two experts a token; domains shift the load a little, and example i uses the busiest expert and one by its number. */
function makeRouting(key: RandomKey, load: number[][], predictions: Prediction[], graph: boolean): RoutingRecord {
  const tokens = 100 * predictions.length;
  const busiest = (row: number[]) => row.indexOf(largest(row));
  return {
    formatVersion: 1,
    tokens,
    examples: predictions.length,
    domains: Array.from({ length: OPTIONS }, (_, d) => `book-${d}`),
    layers: load.map((row, l) => ({
      selected: row.map((share) => 2 * share * tokens),
      weights: row.map((share) => share * tokens),
      together: row.map((a, i) => row.map((b, j) => (i === j ? 2 * a : (2 * a * b) / (1 - a)) * tokens)),
      topProbability: 0.4 * tokens,
      margin: 0.1 * tokens,
      byDomain: Array.from({ length: OPTIONS }, (_, d) =>
        row.map((share, e) => ((2 * share * tokens) / OPTIONS) * (e === d ? 1.6 : 0.9)),
      ),
      ...(graph ? { edges: row.map((_, i) => row.map((__, j) => Number(Math.abs(i - j) === 1))) } : {}),
      values: { 'poisson/lambda': 1.5 - 0.01 * l },
    })),
    items: predictions.map(({ id }) => id),
    chosen: load.map((row, l) =>
      predictions.map((_, i) => {
        const first = busiest(row);
        const other = Number(key.fold('chosen').fold(l).fold(i).words(1)[0]! % (EXPERTS - 1));
        return [first, other < first ? other : other + 1];
      }),
    ),
  };
}

function makePredictions(key: RandomKey, difficulty: ArrayLike<number>, ability: number): Prediction[] {
  return Array.from(difficulty, (hard, i): Prediction => {
    const draw = key.fold('answer').fold(i);
    const gold = i % OPTIONS;
    const scores = [...draw.fold('scores').normal([OPTIONS], 0, 0.9).data];
    scores[gold]! += 1.15 + 1.3 * ability - 0.55 * hard;
    const predicted = scores.indexOf(largest(scores));
    return { id: `q${i}`, gold, predicted, correct: predicted === gold, scores, domain: `book-${gold}` };
  });
}

function makeEvents(
  noise: Float32Array,
  startedAt: number,
  seconds: number,
  ability: number,
  load: number[][],
  fails: boolean,
): TrialEvent[] {
  const events: TrialEvent[] = [];
  const until = fails ? 96 : STEPS;
  for (let step = 1; step <= until; step++) {
    const time = Math.round(startedAt + (1000 * seconds * step) / STEPS);
    const loss = 1.25 - 0.5 * ability + 1.5 * Math.exp(-step / 28) + 0.09 * noise[step - 1]!;
    const metrics = {
      'train/loss': loss + 0.04,
      'train/lm_loss': loss,
      'train/learning_rate': 2e-4,
      'train/tokens_per_second': (STEPS * 4096) / seconds,
      ...Object.fromEntries(load.map((_, l) => [`coordination/poisson/lambda.${l}`, 1.5 - (0.01 * l * step) / STEPS])),
    };
    events.push({ time, type: 'step', step, metrics });
    if (step % 50 === 0) {
      events.push({ time, type: 'eval', step, metrics: { 'eval/loss': loss + 0.1 } });
      events.push({ time, type: 'routing', step, load, metrics: { 'routing/entropy': 0.6 + 0.001 * step } });
    }
  }
  return events;
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value));
}

function writeLines(file: string, values: readonly unknown[]): void {
  writeFileSync(file, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}
