import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SweepStore, TrialAttempt, TrialOutcome } from '@gmoe/experiment';
import {
  BestMetrics,
  recordLayout,
  startSystemMetrics,
  trialLayout,
  type RunRecorder,
  type SystemMetrics,
} from '@gmoe/spool';
import type { TrainingEvent } from '@gmoe/training';
import { sweepFields, sweepSpool } from './sweep-tracking.js';

interface Tracked {
  readonly hash: string;
  readonly recorder: RunRecorder;
  readonly system: SystemMetrics;
  readonly best: BestMetrics;
}

/** Records one trial after the other in the sweep's journals. Appending costs microseconds and never fails a trial. */
export class TrialTracking {
  private current: Tracked | undefined;

  constructor(private readonly store: SweepStore) {}

  event(attempt: TrialAttempt, event: TrainingEvent): void {
    const tracked = this.tracked(attempt);
    if (!tracked || event.type === 'note' || event.type === 'checkpoint') return;
    tracked.recorder.metrics(event.step, event.metrics);
    if (event.type === 'eval') tracked.best.observe(event.step, event.metrics);
  }

  /** The trial came to its end; its files become artifacts. */
  finished(attempt: TrialAttempt, { metrics }: TrialOutcome): void {
    const tracked = this.tracked(attempt);
    if (!tracked) return;
    const { recorder, best } = tracked;
    const step = metrics['train/steps'] ?? 0;
    recorder.metrics(step, {
      ...best.metrics(),
      ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`final/${name}`, value])),
    });
    recorder.artifact('config.json', join(attempt.folder, 'config.json'));
    recorder.artifact('predictions.jsonl', join(attempt.folder, 'predictions.jsonl'));
    const routing = join(attempt.folder, 'routing.json');
    if (existsSync(routing)) recorder.artifact('routing.json', routing);
    for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
      recorder.artifact(`adapter/${file}`, join(attempt.folder, 'adapter', file));
    }
    this.end('FINISHED');
  }

  failed(stopped: boolean): void {
    if (this.current) this.end(stopped ? 'KILLED' : 'FAILED');
  }

  private tracked(attempt: TrialAttempt): Tracked | undefined {
    if (this.current?.hash === attempt.hash) return this.current;
    const sweep = sweepFields(this.store);
    if (!sweep) return undefined;
    const { arm, seed, hash, group, config } = attempt;
    const layout = trialLayout(sweep, {
      arm,
      seed,
      hash,
      group,
      config: config as never,
      command: `npx gmoe train ${join(this.store.trialFolder(hash), 'config.json')}`,
    });
    const spool = sweepSpool(this.store, (reason) => attempt.log(`tracking: ${reason}`));
    const recorder = recordLayout(spool, layout);
    const best = new BestMetrics({ 'eval/accuracy': 'max', 'eval/loss': 'min' });
    this.current = { hash, recorder, system: startSystemMetrics(recorder), best };
    return this.current;
  }

  private end(status: 'FINISHED' | 'FAILED' | 'KILLED'): void {
    this.current!.system.stop();
    this.current!.recorder.end(status);
    this.current = undefined;
  }
}
