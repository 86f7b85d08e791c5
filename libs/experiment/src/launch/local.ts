import { join } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import type { Limits } from '../records/index.js';
import { createAsha } from '../stopping/asha.js';
import { runEverything, type SchedulingPolicy, type WorkItem } from '../stopping/policy.js';
import { attemptFolder, ClaimObserver, readClaim } from '../store/claim.js';
import { recordFailure, settleFailures } from '../store/failures.js';
import { StoreError } from '../store/store-error.js';
import { recordStop } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import type { FromWorker } from '../worker/protocol.js';
import { openTrials } from '../worker/run-worker.js';
import { defaultJobs, processorShares } from './cpu-affinity.js';
import { EventQueue } from './event-queue.js';
import { explainExit, kernelMemoryKills } from './exit-failure.js';
import type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
import { summarise } from './summary.js';
import { WorkerProcess, type WorkerExit } from './worker-process.js';
import { WorkQueue } from './work-queue.js';

export interface LocalLauncherOptions {
  /** The command that starts a process which calls `serveWorker` on this store. */
  readonly command: (store: SweepStore) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Worker processes. Default: one per core. */
  readonly jobs?: number | undefined;
  /** Bind workers to disjoint cores where `taskset` is there. Default true. */
  readonly affinity?: boolean;
  /** From the request to stop to the kill, s. */
  readonly graceSeconds?: number;
  /** How long a foreign heartbeat must stand still before its trial is taken over, s. */
  readonly staleSeconds?: number;
  /** Between two looks at trials in other hands, s. */
  readonly pollSeconds?: number;
}

/** Runs trials on this machine, each worker a process of its own that takes one trial after the other. */
export function createLocalLauncher(options: LocalLauncherOptions): Launcher {
  return {
    id: 'local',
    submit(request) {
      return Promise.resolve(new LocalRun(request, options));
    },
  };
}

interface Running {
  readonly item: WorkItem;
  readonly alone: boolean;
  /** Whether another trial ran beside it at some time. */
  shared: boolean;
  readonly memoryKills: number | undefined;
  attempt?: string;
}

interface Slot {
  readonly number: number;
  process?: WorkerProcess | undefined;
  ready: boolean;
  lastGroup?: string | undefined;
  running?: Running | undefined;
  /** Told to end after its trial. */
  retiring: boolean;
}

const MOST_FAILED_STARTS = 3;

class LocalRun implements Submission {
  readonly id = '';
  readonly done: Promise<LaunchSummary>;
  private readonly queue = new WorkQueue();
  private readonly emitted = new EventQueue<LaunchEvent>();
  private readonly slots: Slot[];
  private readonly shares: (readonly number[])[] | undefined;
  private readonly elsewhere = new Map<string, { readonly item: WorkItem; readonly stale?: string }>();
  private readonly observer: ClaimObserver;
  private readonly limits: Limits;
  private readonly policy: SchedulingPolicy;
  private readonly store: SweepStore;
  private readonly poll: NodeJS.Timeout;
  private stopping = false;
  private failedStarts = 0;
  private trouble: Error | undefined;
  private settle!: { resolve: (summary: LaunchSummary) => void; reject: (error: Error) => void };

  constructor(
    private readonly request: LaunchRequest,
    private readonly options: LocalLauncherOptions,
  ) {
    this.store = request.store;
    this.done = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    this.done.catch(() => undefined);
    this.limits = this.store.manifest().limits;
    this.observer = new ClaimObserver(options.staleSeconds);
    const trials = openTrials(this.store, request.hashes);
    this.policy = request.stopping ? createAsha(this.store, request.stopping, request.hashes) : runEverything(trials);
    this.queue.add(this.policy.start());
    const jobs = Math.max(1, Math.min(options.jobs ?? defaultJobs(), trials.length));
    this.shares = options.affinity === false ? undefined : processorShares(jobs);
    this.slots = Array.from({ length: jobs }, (_, number) => ({ number, ready: false, retiring: false }));
    this.reportDamaged();
    this.poll = setInterval(() => this.guarded(() => this.lookElsewhere()), (options.pollSeconds ?? 2) * 1000);
    this.guarded(() => this.pump());
  }

  events(): AsyncIterable<LaunchEvent> {
    return this.emitted;
  }

  cancel(how: 'checkpoint' | 'kill'): Promise<void> {
    if (!this.stopping) this.emitted.push({ type: 'stopping' });
    this.stopping = true;
    for (const slot of this.slots) {
      if (how === 'kill') slot.process?.kill();
      else this.retire(slot);
    }
    this.guarded(() => this.pump());
    return this.done.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Damaged results are told at once; they are neither run again nor overwritten. */
  private reportDamaged(): void {
    const chosen = this.request.hashes;
    for (const trial of this.store.manifest().trials) {
      if (chosen && !chosen.includes(trial.hash)) continue;
      try {
        this.store.result(trial.hash);
      } catch (error) {
        this.emitted.push({ type: 'trial-damaged', trial, message: messageOf(error) });
      }
    }
  }

  /** Gives waiting trials to idle workers; ends the run when nothing is left. */
  private pump(): void {
    if (!this.stopping) this.drainPolicy();
    for (const slot of this.slots) {
      if (this.stopping || slot.running || slot.retiring) continue;
      if (this.queue.size === 0) continue;
      if (!slot.process) this.start(slot);
      else if (slot.ready) this.assign(slot);
    }
    if (!this.stopping && (this.queue.size > 0 || this.elsewhere.size > 0)) return;
    if (this.slots.some((slot) => slot.running)) return;
    for (const slot of this.slots) this.retire(slot);
    if (this.slots.every((slot) => !slot.process)) this.finish();
  }

  private drainPolicy(): void {
    if (this.queue.size > 0 || this.elsewhere.size > 0 || this.slots.some((slot) => slot.running)) return;
    const { items, stops } = this.policy.drain();
    this.queue.add(items);
    for (const stop of stops) {
      recordStop(this.store, stop);
      this.emitted.push({ type: 'arm-stopped', stop });
    }
  }

  private start(slot: Slot): void {
    slot.ready = false;
    slot.retiring = false;
    slot.lastGroup = undefined;
    slot.process = new WorkerProcess({
      command: this.options.command(this.store),
      env: this.options.env ?? {},
      processors: this.shares?.[slot.number],
      onMessage: (message) => this.guarded(() => this.receive(slot, message)),
      onExit: (exit) => this.guarded(() => this.exited(slot, exit)),
    });
  }

  private assign(slot: Slot): void {
    const busy = this.slots.flatMap(({ running }) => (running ? [running] : []));
    if (busy.some((running) => running.alone)) return;
    const item = this.queue.take(
      slot.lastGroup,
      busy.map((running) => running.item.trial.group),
    );
    if (!item) return;
    const { trial, pauseAtStep, alone } = item;
    for (const running of busy) running.shared = true;
    slot.running = { item: { trial, pauseAtStep }, alone, shared: busy.length > 0, memoryKills: kernelMemoryKills() };
    const takeOver = this.elsewhere.get(trial.hash)?.stale;
    this.elsewhere.delete(trial.hash);
    slot.process!.send({ type: 'run', trial, limits: this.limits, pauseAtStep, takeOver });
  }

  private receive(slot: Slot, message: FromWorker): void {
    if (message.type === 'ready') {
      slot.ready = true;
      this.failedStarts = 0;
      return this.pump();
    }
    if (message.type === 'store-failed') return this.fail(new StoreError(message.message));
    const running = slot.running;
    if (!running || running.item.trial.hash !== message.hash) return;
    const { trial } = running.item;
    if (message.type === 'event') return this.emitted.push({ type: 'progress', trial, event: message.event });
    if (message.type === 'begin') {
      running.attempt = message.attempt;
      slot.process!.logFile = join(attemptFolder(this.store.trialFolder(trial.hash), message.attempt), 'log.txt');
      const { attempt, resumedFrom } = message;
      return this.emitted.push({ type: 'trial-started', trial, attempt, resumedFrom, worker: slot.number });
    }
    slot.running = undefined;
    slot.lastGroup = trial.group;
    slot.process!.logFile = undefined;
    const { end } = message;
    if (end.type === 'published') this.published(running.item);
    else if (end.type === 'busy') {
      this.elsewhere.set(trial.hash, { item: running.item });
      this.emitted.push({ type: 'trial-elsewhere', trial });
    } else if (end.type === 'stopped') {
      this.emitted.push({ type: 'trial-paused', trial, why: end.why });
      if (end.why === 'rung') this.queue.addFirst(this.policy.advance(running.item));
    } else {
      this.queue.add([running.item]);
      this.emitted.push({ type: 'trial-retried', trial, failure: end.failure, alone: false });
    }
    // What earlier trials left behind must not count against the next one's limit.
    const { memoryMiB } = this.limits;
    if (memoryMiB !== undefined && message.residentMiB > memoryMiB / 2) this.retire(slot);
    this.pump();
  }

  private published(item: WorkItem): void {
    const { trial } = item;
    try {
      const result = this.store.result(trial.hash);
      if (result)
        this.emitted.push({ type: result.status === 'failed' ? 'trial-failed' : 'trial-finished', trial, result });
    } catch (error) {
      this.emitted.push({ type: 'trial-damaged', trial, message: messageOf(error) });
    }
    this.queue.addFirst(this.policy.advance(item));
  }

  /** Asks a worker to end: at once if it is idle, after a checkpoint if not. */
  private retire(slot: Slot): void {
    if (!slot.process || slot.retiring) return;
    slot.retiring = true;
    const { process } = slot;
    process.send({ type: 'stop' });
    setTimeout(
      () => {
        if (slot.process === process) process.kill();
      },
      (this.options.graceSeconds ?? 30) * 1000,
    ).unref();
  }

  private exited(slot: Slot, exit: WorkerExit): void {
    const { running, ready } = slot;
    Object.assign(slot, { process: undefined, running: undefined, ready: false });
    slot.retiring = false;
    if (running && !this.stopping) this.died(running, exit);
    else if (!ready && !this.stopping && ++this.failedStarts >= MOST_FAILED_STARTS) {
      const said = exit.output.trim().split('\n').at(-1) ?? '';
      return this.fail(
        new UserError(`the worker process does not start (${exit.signal ?? `exit code ${exit.code}`}): ${said}`),
      );
    }
    this.pump();
  }

  private died({ item, shared, memoryKills, attempt }: Running, exit: WorkerExit): void {
    const { trial } = item;
    const kernelKilled = (kernelMemoryKills() ?? 0) > (memoryKills ?? 0);
    const death = explainExit(exit, !shared, kernelKilled);
    if (attempt === undefined) return this.queue.add([item]);
    const failure = recordFailure(this.store, trial.hash, attempt, death.failure);
    if (this.store.isPublished(trial.hash) || settleFailures(this.store, trial, this.limits))
      return this.published(item);
    if (death.memory) this.queue.addAlone(item);
    else this.queue.add([item]);
    this.emitted.push({ type: 'trial-retried', trial, failure, alone: death.memory });
  }

  /** Looks after trials that others work on: finished ones are reported, abandoned ones come back into the queue. */
  private lookElsewhere(): void {
    for (const [hash, { item, stale }] of this.elsewhere) {
      if (stale !== undefined) continue;
      const folder = this.store.trialFolder(hash);
      if (this.store.isPublished(hash)) {
        this.elsewhere.delete(hash);
        this.published(item);
        continue;
      }
      const claim = readClaim(folder);
      if (claim && !this.observer.isStale(folder, claim)) continue;
      if (claim) this.elsewhere.set(hash, { item, stale: claim.attempt });
      else this.elsewhere.delete(hash);
      this.queue.add([item]);
    }
    this.pump();
  }

  private fail(error: Error): void {
    this.trouble ??= error;
    this.stopping = true;
    for (const slot of this.slots) this.retire(slot);
    this.pump();
  }

  private finish(): void {
    clearInterval(this.poll);
    this.emitted.close();
    if (this.trouble) return this.settle.reject(this.trouble);
    this.settle.resolve(summarise(this.store, this.request.hashes));
  }

  /** Errors in callbacks belong to the run, not to the process. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      const first = this.trouble === undefined;
      this.trouble ??= error instanceof Error ? error : new Error(messageOf(error));
      this.stopping = true;
      for (const slot of this.slots) this.retire(slot);
      if (first && this.slots.some((slot) => slot.process)) return;
      clearInterval(this.poll);
      this.emitted.close();
      this.settle.reject(this.trouble);
    }
  }
}
