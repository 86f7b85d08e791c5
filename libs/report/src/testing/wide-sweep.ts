import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stableHash } from '@gmoe/core';
import type { Baseline, Prediction, SweepManifest, TrialEvent, TrialResult } from '@gmoe/experiment';
import { RandomKey } from '@gmoe/tensor';

const START = Date.UTC(2026, 2, 3, 20, 0, 0);
const OPTIONS = 4;
const LAYERS = 4;
const EXPERTS = 8;
/** Names as people write them: long, in several scripts, alike at both ends. */
const DATA = [
  'OpenStax physics, chemistry and biology passages, filtered for length, revision 2026-02 (English, US spelling)',
  'OpenStax physics, chemistry and biology passages, filtered for length, revision 2026-02 (English, UK spelling)',
  '理科教科書コーパス・物理と化学と生物の抜粋・改訂版二〇二六年二月・長さで選別済み',
  'مجموعة نصوص العلوم: فيزياء وكيمياء وأحياء، مراجعة فبراير ٢٠٢٦',
  'Корпус учебников по естественным наукам, ред. февраль 2026, отобран по длине',
  'वैज्ञानिक पाठ्यपुस्तक संग्रह, फ़रवरी २०२६ संशोधन, लंबाई के अनुसार चयनित',
] as const;

export interface WideOptions {
  readonly arms?: number;
  readonly seeds?: number;
  readonly examples?: number;
  readonly steps?: number;
}

/**
 * Writes a made-up random search in the layout of a real sweep: many arms with long names in several scripts, a learning rate, a
 * dropout and a rank drawn at random. Known truth: the learning rate matters most (best near 1e-3), the rank a little, the dropout
 * not at all.
 */
export function writeWideSweep(folder: string, options: WideOptions = {}): SweepManifest {
  const { arms = 200, seeds = 1, examples = 160, steps = 400 } = options;
  const world = RandomKey.fromSeed(20_260_303);
  const difficulty = world.fold('difficulty').normal([examples], 0, 1.4).data;
  const draws = Array.from({ length: 3 }, (_, i) => world.fold('draw').fold(i).normal([arms]).data);
  const uniform = (value: number) => 0.5 * (1 + Math.tanh(0.8 * value));
  const trials: SweepManifest['trials'] = [];
  for (let i = 0; i < arms; i++) {
    const axes = {
      'task.data': DATA[i % DATA.length]!,
      'optimizer.learningRate': Number((10 ** (-4.5 + 3 * uniform(draws[0]![i]!))).toPrecision(4)),
      'adapter.dropout': Number((0.3 * uniform(draws[1]![i]!)).toFixed(4)),
      'adapter.mixture.rank': 1 + Math.floor(32 * uniform(draws[2]![i]!)),
    };
    const name = `${axes['task.data']} · learningRate=${axes['optimizer.learningRate']} · dropout=${axes['adapter.dropout']} · rank=${axes['adapter.mixture.rank']}`;
    const group = stableHash(axes);
    for (let seed = 0; seed < seeds; seed++)
      trials.push({ hash: stableHash({ group, seed }), group, arm: name, axes, seed });
  }
  mkdirSync(folder, { recursive: true });
  const json = (file: string, value: unknown) => writeFileSync(file, JSON.stringify(value));
  const lines = (file: string, values: readonly unknown[]) =>
    writeFileSync(file, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  const manifest: SweepManifest = {
    formatVersion: 1,
    name: 'random-search-over-a-long-winter-weekend',
    description: 'Random search over learning rate, dropout and rank on passages in six languages.',
    createdAt: START,
    updatedAt: START,
    limits: { retries: 3 },
    trials,
  };
  json(join(folder, 'sweep.json'), manifest);
  json(join(folder, 'baseline.json'), {
    formatVersion: 1,
    key: stableHash('bundled on passages'),
    task: 'passages',
    base: 'bundled',
    metrics: { 'eval/accuracy': 0.262 },
    chance: 1 / OPTIONS,
    majority: 0.281,
  } satisfies Baseline);
  trials.forEach((trial, index) => {
    const home = join(folder, 'trials', trial.hash.slice(0, 16));
    const attempt = join(home, 'attempts', 'a1');
    mkdirSync(attempt, { recursive: true });
    json(join(home, 'config.json'), {
      formatVersion: 1,
      hash: trial.hash,
      group: trial.group,
      config: { seed: trial.seed },
    });
    const key = world.fold(trial.arm).fold(trial.seed);
    const noise = key.fold('noise').normal([steps + 4]).data;
    const rate = Math.log10(trial.axes['optimizer.learningRate'] as number);
    const rank = trial.axes['adapter.mixture.rank'] as number;
    const ability = 1.6 - 0.9 * (rate + 3) ** 2 + 0.012 * rank + 0.12 * noise[0]!;
    const seconds = 50 + rank + Math.abs(noise[1]!);
    const predictions = answers(key, difficulty, ability);
    const load = (step: number) =>
      Array.from({ length: LAYERS }, (_, l) => {
        const powers = Array.from({ length: EXPERTS }, (_e, e) =>
          Math.exp(((step / steps) * ((7 * e + 3 * l + index) % 11)) / 6),
        );
        const sum = powers.reduce((a, b) => a + b, 0);
        return powers.map((power) => Number((power / sum).toFixed(5)));
      });
    const events: TrialEvent[] = [];
    for (let step = 1; step <= steps; step++) {
      const time = Math.round(START + (1000 * seconds * step) / steps);
      const loss = 1.3 - 0.3 * ability + 1.4 * Math.exp(-step / (0.12 * steps)) + 0.06 * noise[step + 2]!;
      const metrics = {
        'train/lm_loss': loss,
        'train/grad_norm': 0.4 + 0.1 * Math.abs(noise[step + 2]!),
        'train/learning_rate': 10 ** rate * (1 - step / steps),
      };
      events.push({ time, type: 'step', step, metrics });
      if (step % Math.ceil(steps / 5) !== 0) continue;
      events.push({
        time,
        type: 'eval',
        step,
        metrics: { 'eval/loss': loss + 0.1, 'eval/accuracy': 0.3 + 0.1 * ability },
      });
      events.push({
        time,
        type: 'routing',
        step,
        load: load(step),
        metrics: { 'routing/entropy': 0.9 - (0.1 * step) / steps },
      });
    }
    const result: TrialResult = {
      formatVersion: 1,
      ...trial,
      status: 'finished',
      attempt: 'a1',
      attempts: 1,
      startedAt: START,
      finishedAt: START + 1000 * seconds,
      seconds,
      metrics: {
        'eval/accuracy': predictions.filter(({ correct }) => correct).length / examples,
        'eval/loss': 1.9 - 0.4 * ability,
        'train/tokens_per_second': 40_000 - 300 * rank,
        'model/trainable_parameters': 296_500 + 20 * rank,
      },
      load: load(steps),
    };
    json(join(home, 'result.json'), result);
    lines(join(attempt, 'events.jsonl'), events);
    lines(join(attempt, 'predictions.jsonl'), predictions);
  });
  return manifest;
}

function answers(key: RandomKey, difficulty: ArrayLike<number>, ability: number): Prediction[] {
  const scores = key.fold('scores').normal([difficulty.length * OPTIONS], 0, 0.9).data;
  return Array.from(difficulty, (hard, i): Prediction => {
    const gold = i % OPTIONS;
    const own = Array.from(scores.subarray(i * OPTIONS, (i + 1) * OPTIONS) as Float32Array);
    own[gold]! += 0.8 + ability - 0.6 * hard;
    const predicted = own.indexOf(own.reduce((a, b) => Math.max(a, b)));
    return { id: `q${i}`, gold, predicted, correct: predicted === gold, scores: own, domain: `book-${gold}` };
  });
}
