import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits } from '../../records/index.js';
import type { WorkItem } from '../../stopping/policy.js';
import { attemptFolder, heartbeatFile } from '../../store/claim.js';
import { readText } from '../../store/files.js';
import type { SweepStore } from '../../store/sweep-store.js';
import type { FromWorker } from '../../worker/protocol.js';
import { kernelMemoryKills } from './exit-failure.js';
import { WorkerProcess, type WorkerExit } from './worker-process.js';

/** A trial in the hands of a worker. */
export interface Running {
  readonly item: WorkItem;
  readonly alone: boolean;
  /** Whether another trial ran beside it at some time. */
  shared: boolean;
  readonly memoryKills: number | undefined;
  attempt?: string;
}

export interface SlotOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly processors: readonly number[] | undefined;
  readonly graceSeconds: number;
  /** How long a heartbeat must stand still before the process is ended, s. */
  readonly staleSeconds: number;
  readonly onMessage: (slot: WorkerSlot, message: FromWorker) => void;
  readonly onExit: (running: Running | undefined, exit: SlotExit) => void;
}

export interface SlotExit extends WorkerExit {
  /** Whether the process had said that it is ready. */
  readonly ready: boolean;
  /** Seconds that its heartbeat had stood still when it was ended for that. */
  readonly stillSeconds: number | undefined;
}

/** One place for a worker process: the process that is there at present, if any, and what it runs. */
export class WorkerSlot {
  running: Running | undefined;
  ready = false;
  lastGroup: string | undefined;
  /** Told to end after its trial. */
  retiring = false;
  private process: WorkerProcess | undefined;
  private heartbeat: { text: string | undefined; stillMs: number; lookedAt: number } | undefined;
  private endedForStillness: number | undefined;

  constructor(
    readonly number: number,
    private readonly options: SlotOptions,
  ) {}

  get occupied(): boolean {
    return this.process !== undefined;
  }

  start(): void {
    this.ready = false;
    this.retiring = false;
    this.lastGroup = undefined;
    this.endedForStillness = undefined;
    const { command, env, processors, onMessage } = this.options;
    this.process = new WorkerProcess({
      command,
      env,
      processors,
      onMessage: (message) => onMessage(this, message),
      onExit: (exit) => this.exited(exit),
    });
  }

  private exited(exit: WorkerExit): void {
    const { running, ready, endedForStillness } = this;
    this.process = this.running = this.heartbeat = undefined;
    this.ready = this.retiring = false;
    this.options.onExit(running, { ...exit, ready, stillSeconds: endedForStillness });
  }

  assign(item: WorkItem, alone: boolean, shared: boolean, limits: Limits, takeOver: string | undefined): void {
    const { trial, pauseAtStep } = item;
    this.running = { item: { trial, pauseAtStep }, alone, shared, memoryKills: kernelMemoryKills() };
    this.heartbeat = undefined;
    this.process!.send({ type: 'run', trial, limits, pauseAtStep, takeOver });
  }

  /** The worker has begun an attempt: what it writes goes to that attempt's log. */
  began(store: SweepStore, attempt: string): void {
    const { running } = this;
    if (!running) return;
    running.attempt = attempt;
    this.process!.logFile = join(attemptFolder(store.trialFolder(running.item.trial.hash), attempt), 'log.txt');
  }

  /** The worker has ended an attempt. */
  ended(): Running | undefined {
    const { running } = this;
    this.running = this.heartbeat = undefined;
    this.lastGroup = running?.item.trial.group;
    if (this.process) this.process.logFile = undefined;
    return running;
  }

  /** Asks a worker to end: at once if it is idle, after a checkpoint if not. */
  retire(): void {
    if (!this.process || this.retiring) return;
    this.retiring = true;
    const { process } = this;
    process.send({ type: 'stop' });
    setTimeout(() => {
      if (this.process === process) process.kill();
    }, this.options.graceSeconds * 1000).unref();
  }

  kill(): void {
    this.process?.kill();
  }

  /**
   * Ends a process whose heartbeat stands still: it was stopped (SIGSTOP), or hangs in the kernel. Time between two looks
   * counts up to a limit only, since this process may have been stopped too.
   */
  watch(store: SweepStore): void {
    const { running } = this;
    if (!running || !this.process || this.endedForStillness !== undefined) return;
    const { attempt, item } = running;
    const text = attempt === undefined ? '' : heartbeatOf(store.trialFolder(item.trial.hash), attempt);
    const now = performance.now();
    const before = this.heartbeat;
    if (text === undefined || before?.text !== text) {
      this.heartbeat = { text, stillMs: 0, lookedAt: now };
      return;
    }
    before.stillMs += Math.min(now - before.lookedAt, this.options.staleSeconds * 250);
    before.lookedAt = now;
    if (before.stillMs < this.options.staleSeconds * 1000) return;
    this.endedForStillness = Math.round(before.stillMs / 1000);
    this.process.kill();
  }
}

/** The heartbeat; empty before the first one. Undefined where the attempt's folder is away: that tells of the store. */
function heartbeatOf(trialFolder: string, attempt: string): string | undefined {
  if (!existsSync(attemptFolder(trialFolder, attempt))) return undefined;
  return readText(heartbeatFile(trialFolder, attempt)) ?? '';
}
