import { largest } from '@gmoe/core';
import type { LaunchEvent, SweepStore } from '@gmoe/experiment';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import { DrawNotes } from './draw-notes.js';
import { duration, SweepState, type ArmProgress, type RunningTrial } from './sweep-state.js';
import type { Progress } from './progress.js';

const REDRAW_MS = 120;
const BAR_WIDTH = 24;
/** Lines of the table that are neither bars nor arms, and the cursor's. */
const HEADER_LINES = 5;

/** A table that is redrawn in place: bars of the running trials, and each arm's finished seeds. */
export class TerminalProgress implements Progress {
  private readonly state: SweepState;
  private readonly notes = new DrawNotes();
  private readonly draw: ReturnType<typeof createLogUpdate>;
  private readonly timer: NodeJS.Timeout;
  private readonly started = performance.now();
  private closed = false;

  constructor(
    store: SweepStore,
    private readonly stream: NodeJS.WriteStream,
  ) {
    this.state = new SweepState(store);
    this.draw = createLogUpdate(stream);
    this.timer = setInterval(() => this.redraw(), REDRAW_MS);
    this.redraw();
  }

  event(event: LaunchEvent): void {
    this.state.apply(event);
    if (event.type === 'trial-failed') {
      this.above(pc.red(`failed: ${event.trial.arm}, seed ${event.trial.seed}: ${event.result.error?.message ?? ''}`));
    }
    if (event.type === 'trial-retried') {
      this.above(pc.yellow(`again: ${event.trial.arm}, seed ${event.trial.seed}: ${event.failure.message}`));
    }
    if (event.type === 'trouble') this.above(pc.yellow(`trouble: ${event.message}; no trial is charged`));
    if (event.type === 'trial-damaged') {
      this.above(pc.red(`damaged: ${event.trial.arm}, seed ${event.trial.seed}: ${event.message}`));
    }
    const remark = this.notes.line(event);
    if (remark !== undefined) this.above(pc.yellow(`note: ${remark}`));
    if (event.type === 'stopping') {
      this.above('stopping: every trial saves a checkpoint; the same command goes on from there');
    }
  }

  /** Draws the last state and leaves it standing; more calls do nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    this.redraw();
    this.draw.done();
  }

  /** The arms that fit below the bars; of too many, those with results first. */
  private armLines(width: number): string[] {
    const { arms, running } = this.state;
    const room = Math.max(1, (this.stream.rows ?? 24) - running.size - HEADER_LINES);
    if (arms.size <= room) return [...arms.values()].map((arm) => armLine(arm, width));
    const begun = [...arms.values()].toSorted((a, b) => b.accuracies.length - a.accuracies.length);
    const hidden = pc.dim(`and ${arms.size - room + 1} more arms`);
    return [...begun.slice(0, room - 1).map((arm) => armLine(arm, width)), hidden];
  }

  private above(line: string): void {
    this.draw.clear();
    this.stream.write(`${line}\n`);
  }

  private redraw(): void {
    const { state } = this;
    const left = state.remainingSeconds();
    const width = largest(
      [...state.arms.keys()].map((arm) => arm.length),
      10,
    );
    this.draw(
      [
        `${bar(state.done / state.total)} ${state.done}/${state.total} trials  ${duration((performance.now() - this.started) / 1000)}` +
          (left === undefined || state.done === state.total ? '' : pc.dim(`  about ${duration(left)} left`)) +
          (state.failed > 0 ? pc.red(`  ${state.failed} failed`) : ''),
        '',
        ...[...state.running.values()].map((running) => runningLine(running, width)),
        '',
        pc.dim(`${'arm'.padEnd(width)}  seeds  accuracy`),
        ...this.armLines(width),
      ].join('\n'),
    );
  }
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return pc.cyan('█'.repeat(filled)) + pc.dim('░'.repeat(BAR_WIDTH - filled));
}

function runningLine({ trial, steps, step, loss, tokensPerSecond }: RunningTrial, width: number): string {
  const share = steps ? step / steps : 0;
  // The steps are done and the trial is not: its test split is scored.
  const testing = steps !== undefined && step >= steps;
  const numbers = [
    `${step}${steps ? `/${steps}` : ''}`.padStart(9),
    loss === undefined ? 'loading'.padEnd(11) : `loss ${loss.toFixed(4)}`,
    testing ? 'testing' : tokensPerSecond === undefined ? '' : `${Math.round(tokensPerSecond)} tokens/s`,
  ];
  return `${bar(share)} ${trial.arm.padEnd(width)} seed ${String(trial.seed).padEnd(3)} ${pc.dim(numbers.join('  '))}`;
}

function armLine({ arm, seeds, accuracies, failed }: ArmProgress, width: number): string {
  const count = `${accuracies.length}/${seeds}`.padStart(5);
  if (accuracies.length === 0) return `${arm.padEnd(width)}  ${count}  ${pc.dim(failed > 0 ? 'failed' : '-')}`;
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  const single = accuracies.map((value) => (100 * value).toFixed(1)).join(' ');
  return `${arm.padEnd(width)}  ${count}  ${pc.bold(`${(100 * mean).toFixed(1)} %`)}  ${pc.dim(single)}`;
}
