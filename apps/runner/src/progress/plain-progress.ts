import type { LaunchEvent, SweepStore } from '@gmoe/experiment';
import { DrawNotes } from './draw-notes.js';
import { duration, SweepState } from './sweep-state.js';
import type { Progress } from './progress.js';

/** One line for each thing that happens: for logs and pipes. */
export class PlainProgress implements Progress {
  private readonly state: SweepState;
  private readonly notes = new DrawNotes();

  constructor(
    store: SweepStore,
    private readonly stream: { write(text: string): unknown },
  ) {
    this.state = new SweepState(store);
    const { total, done } = this.state;
    this.line(`${total} trial${total === 1 ? '' : 's'}, ${done} of them done before`);
  }

  event(event: LaunchEvent): void {
    this.state.apply(event);
    const remark = this.notes.line(event);
    const text = remark === undefined ? describe(event) : `note      ${remark}`;
    if (!text) return;
    const left = this.state.remainingSeconds();
    const eta = left === undefined || this.state.done === this.state.total ? '' : `, about ${duration(left)} left`;
    this.line(`[${this.state.done}/${this.state.total}${eta}] ${text}`);
  }

  close(): void {
    // Every line was written when it happened.
  }

  private line(text: string): void {
    this.stream.write(`${text}\n`);
  }
}

/** What happened, in words; nothing for the steps of a trial. */
function describe(event: LaunchEvent): string | undefined {
  const name = 'trial' in event ? `${event.trial.arm}, seed ${event.trial.seed}` : '';
  switch (event.type) {
    case 'trial-started':
      return `started   ${name}${event.resumedFrom === undefined ? '' : ` (goes on from step ${event.resumedFrom})`}`;
    case 'trial-finished': {
      const { metrics, seconds } = event.result;
      const accuracy = metrics['eval/accuracy'];
      const score = accuracy === undefined ? '' : `accuracy ${(100 * accuracy).toFixed(1)} %, `;
      return `finished  ${name}: ${score}${duration(seconds)}`;
    }
    case 'trial-failed':
      return `FAILED    ${name}: ${event.result.error?.message ?? 'unknown reason'}`;
    case 'trial-retried':
      return `again     ${name}: ${event.failure.message}`;
    case 'trial-paused':
      return `paused    ${name}, with a checkpoint`;
    case 'trial-elsewhere':
      return `elsewhere ${name}: another worker has it`;
    case 'trial-damaged':
      return `DAMAGED   ${name}: ${event.message}`;
    case 'trouble':
      return `trouble   ${event.message}; no trial is charged`;
    case 'arm-stopped':
      return `ended early: ${event.stop.rule}`;
    case 'submitted':
      return `submitted as job ${event.id}, ${event.tasks} ${event.tasks === 1 ? 'task' : 'tasks'}`;
    case 'stopping':
      return 'stopping';
    case 'progress':
      return undefined;
  }
}
