import type { CurveAnswer, SweepAnswer, TrialEntry } from '../ui-answers.js';
import { ask } from './requests.js';

interface Followed {
  attempt: string;
  offset: number;
  /** Where the trial stood at the last look. */
  stood: string;
  readonly points: Map<string, [step: number, value: number][]>;
}

/** What trials of one sweep have logged, followed as it grows: asked for is only what is new. */
export class TrialCurves {
  private readonly followed = new Map<string, Followed>();

  constructor(private readonly sweep: string) {}

  async follow(trials: readonly TrialEntry[]): Promise<void> {
    await Promise.all(trials.map((trial) => this.read(trial)));
  }

  private async read({ hash, state, step }: TrialEntry): Promise<void> {
    const curve = this.followed.get(hash) ?? { attempt: '', offset: 0, stood: '', points: new Map() };
    this.followed.set(hash, curve);
    const stands = `${state} ${step}`;
    if (state !== 'claimed' && curve.stood === stands) return;
    const { attempt, offset, points } = await ask<CurveAnswer>('/api/curve', {
      sweep: this.sweep,
      trial: hash,
      attempt: curve.attempt,
      offset: String(curve.offset),
    });
    if ((attempt ?? '') !== curve.attempt) curve.points.clear();
    // A long log comes in pieces: there may be more until an answer brings nothing.
    curve.stood = offset === curve.offset && attempt === curve.attempt ? stands : '';
    curve.attempt = attempt ?? '';
    curve.offset = offset;
    for (const [name, added] of Object.entries(points)) {
      const own = curve.points.get(name) ?? [];
      for (const point of added) own.push([...point]);
      curve.points.set(name, own);
    }
  }

  /** Names of the metrics of trials, sorted. */
  metrics(trials: readonly TrialEntry[]): string[] {
    return [...new Set(trials.flatMap(({ hash }) => [...(this.followed.get(hash)?.points.keys() ?? [])]))].sort();
  }

  /** A trial's curve of a metric; undefined where it has logged none. */
  of({ hash }: TrialEntry, metric: string) {
    const points = this.followed.get(hash)?.points.get(metric);
    if (!points || points.length === 0) return undefined;
    return {
      trial: 0,
      steps: Uint32Array.from(points, ([step]) => step),
      values: Float32Array.from(points, ([, value]) => value),
    };
  }
}

/** Of some metrics the one to begin with. */
export function firstMetric(names: readonly string[], wanted: string): string {
  return [wanted, 'train/lm_loss', 'train/loss'].find((name) => names.includes(name)) ?? names[0] ?? '';
}

export const nameOf = ({ arms }: SweepAnswer, { group }: TrialEntry): string =>
  arms.find((arm) => arm.group === group)?.name ?? '';
