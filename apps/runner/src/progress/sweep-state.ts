import { stepsOf, type LaunchEvent, type PlannedTrial, type SweepStore } from '@gmoe/experiment';

/** A trial that is being run. */
export interface RunningTrial {
  readonly trial: PlannedTrial;
  /** Steps in all, where the config says. */
  readonly steps: number | undefined;
  readonly startedAt: number;
  step: number;
  loss?: number | undefined;
  tokensPerSecond?: number | undefined;
}

/** One arm's finished seeds. */
export interface ArmProgress {
  readonly arm: string;
  readonly seeds: number;
  readonly accuracies: number[];
  failed: number;
}

/** What is known of a running sweep, from the launcher's events. */
export class SweepState {
  readonly running = new Map<string, RunningTrial>();
  readonly arms = new Map<string, ArmProgress>();
  readonly total: number;
  done = 0;
  failed = 0;
  /** Seconds of the trials that were finished in this run. */
  private readonly seconds: number[] = [];
  /** Most trials that ran at a time. */
  private width = 1;

  constructor(private readonly store: SweepStore) {
    const { trials } = store.manifest();
    this.total = trials.length;
    for (const trial of trials) {
      const arm = this.arms.get(trial.arm);
      this.arms.set(trial.arm, { arm: trial.arm, seeds: (arm?.seeds ?? 0) + 1, accuracies: [], failed: 0 });
    }
    for (const trial of trials) {
      if (!store.isPublished(trial.hash)) continue;
      const result = store.readableResult(trial.hash);
      // One whose files are damaged is told, and runs again.
      if (!result || store.damage(trial.hash, result) !== undefined) continue;
      this.count(trial, result.status, result.metrics['eval/accuracy']);
    }
  }

  apply(event: LaunchEvent): void {
    switch (event.type) {
      case 'trial-started':
        this.running.set(event.trial.hash, {
          trial: event.trial,
          steps: stepsOf(this.store, event.trial.hash) ?? undefined,
          startedAt: performance.now(),
          step: event.resumedFrom ?? 0,
        });
        this.width = Math.max(this.width, this.running.size);
        break;
      case 'progress': {
        const running = this.running.get(event.trial.hash);
        if (!running) break;
        running.step = event.event.step;
        running.loss = event.event.metrics?.['train/lm_loss'] ?? running.loss;
        running.tokensPerSecond = event.event.metrics?.['train/tokens_per_second'] ?? running.tokensPerSecond;
        break;
      }
      case 'trial-finished':
      case 'trial-failed':
        this.running.delete(event.trial.hash);
        this.seconds.push(event.result.seconds);
        this.count(event.trial, event.result.status, event.result.metrics['eval/accuracy']);
        break;
      case 'trial-retried':
      case 'trial-paused':
        this.running.delete(event.trial.hash);
        break;
      default:
    }
  }

  /** Seconds until the end, from the trials finished so far and how many run at a time. */
  remainingSeconds(): number | undefined {
    if (this.seconds.length === 0) return undefined;
    const mean = this.seconds.reduce((sum, value) => sum + value, 0) / this.seconds.length;
    const underway = [...this.running.values()].reduce(
      (sum, { startedAt }) => sum + Math.min(mean, (performance.now() - startedAt) / 1000),
      0,
    );
    const trials = this.total - this.done;
    return Math.max(0, (trials * mean - underway) / Math.max(1, Math.min(this.width, trials)));
  }

  private count(trial: PlannedTrial, status: 'finished' | 'failed', accuracy: number | undefined): void {
    const arm = this.arms.get(trial.arm)!;
    this.done++;
    if (status === 'failed') {
      this.failed++;
      arm.failed++;
    } else if (accuracy !== undefined) arm.accuracies.push(accuracy);
  }
}

/** `1 h 02 min`, `3 min 05 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${whole} s`;
}
