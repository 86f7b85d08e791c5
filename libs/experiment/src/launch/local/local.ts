import { messageOf, UserError } from '@gmoe/core';
import { MachineError, StoreError } from '../../store/store-error.js';
import type { SweepStore } from '../../store/sweep-store.js';
import type { PatienceOptions } from '../../worker/machine-trouble.js';
import type { FromWorker } from '../../worker/protocol.js';
import { EventQueue } from '../event-queue.js';
import type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from '../launcher.js';
import { summarise } from '../summary.js';
import { defaultJobs, processorShares } from './cpu-affinity.js';
import { lastWords } from './exit-failure.js';
import { TrialFlow } from './trial-flow.js';
import { WorkerSlot, type Running, type SlotExit } from './worker-slot.js';

export interface LocalLauncherOptions extends PatienceOptions {
  /** The command that starts a process which calls `serveWorker` on this store. */
  readonly command: (store: SweepStore) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Worker processes. Default: as many as the processors and memory that this process may use allow. */
  readonly jobs?: number | undefined;
  /** Bind workers to disjoint cores where `taskset` is there. Default true. */
  readonly affinity?: boolean;
  /** From the request to stop to the kill, s. */
  readonly graceSeconds?: number;
  /** How long a heartbeat must stand still before its trial is taken over, s. */
  readonly staleSeconds?: number;
  /** Between two looks at heartbeats and at trials in other hands, s. */
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

/** Processes in a row that end before they begin a trial, until the run gives up. */
const MOST_EARLY_DEATHS = 3;

/** Worker processes, and the trials given to them. */
class LocalRun implements Submission {
  readonly id = '';
  readonly done: Promise<LaunchSummary>;
  private readonly emitted = new EventQueue<LaunchEvent>();
  private readonly slots: WorkerSlot[];
  private readonly flow: TrialFlow;
  private readonly store: SweepStore;
  private readonly poll: NodeJS.Timeout;
  private stopping = false;
  private earlyDeaths = 0;
  private trouble: Error | undefined;
  private settle!: { resolve: (summary: LaunchSummary) => void; reject: (error: Error) => void };

  constructor(
    private readonly request: LaunchRequest,
    options: LocalLauncherOptions,
  ) {
    const { staleSeconds = 60, pollSeconds = 2, graceSeconds = 30, env = {} } = options;
    this.store = request.store;
    this.done = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    this.done.catch(() => undefined);
    this.flow = new TrialFlow(request, (event) => this.emitted.push(event), { ...options, staleSeconds });
    const jobs = Math.max(1, Math.min(options.jobs ?? defaultJobs(this.flow.limits.memoryMiB), this.flow.open));
    const shares = options.affinity === false ? undefined : processorShares(jobs);
    const slotOptions = {
      command: options.command(this.store),
      env,
      graceSeconds,
      staleSeconds,
      onMessage: (slot: WorkerSlot, message: FromWorker) => this.guarded(() => this.receive(slot, message)),
      onExit: (running: Running | undefined, exit: SlotExit) => this.guarded(() => this.exited(running, exit)),
    };
    this.slots = Array.from(
      { length: jobs },
      (_, number) => new WorkerSlot(number, { ...slotOptions, processors: shares?.[number] }),
    );
    this.poll = setInterval(() => this.guarded(() => this.look()), pollSeconds * 1000);
    this.guarded(() => this.pump());
  }

  events(): AsyncIterable<LaunchEvent> {
    return this.emitted;
  }

  cancel(how: 'checkpoint' | 'kill'): Promise<void> {
    if (!this.stopping) this.emitted.push({ type: 'stopping' });
    this.stopping = true;
    for (const slot of this.slots) {
      if (how === 'kill') slot.kill();
      else slot.retire();
    }
    this.guarded(() => this.pump());
    return this.done.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Gives waiting trials to idle workers; ends the run when nothing is left. */
  private pump(): void {
    const { flow } = this;
    if (!this.stopping && !flow.unfinished && !this.slots.some((slot) => slot.running)) flow.drain();
    if (!this.stopping && flow.waiting > 0 && this.mayGo()) this.giveOut();
    if (!this.stopping && flow.unfinished) return;
    if (this.slots.some((slot) => slot.running)) return;
    for (const slot of this.slots) slot.retire();
    if (this.slots.every((slot) => !slot.occupied)) this.finish();
  }

  private giveOut(): void {
    // After a failure of the machine one trial shows whether it is over.
    const most = this.flow.trouble ? 1 : this.slots.length;
    for (const slot of this.slots) {
      if (slot.running || slot.retiring || this.flow.waiting === 0) continue;
      if (this.slots.filter(({ running, occupied, ready }) => running ?? (occupied && !ready)).length >= most) return;
      if (!slot.occupied) slot.start();
      else if (slot.ready) this.assign(slot);
    }
  }

  /** Whether the machine is fit to work; ends the run if it will not be. */
  private mayGo(): boolean {
    const { verdict } = this.flow;
    if (verdict === 'give-up') this.fail(this.flow.trouble!);
    return verdict === 'go';
  }

  private assign(slot: WorkerSlot): void {
    const busy = this.slots.flatMap(({ running }) => (running ? [running] : []));
    if (busy.some((running) => running.alone)) return;
    const groups = busy.map((running) => running.item.trial.group);
    const next = this.flow.take(slot.lastGroup, groups);
    if (!next) return;
    for (const running of busy) running.shared = true;
    slot.assign(next.item, next.item.alone, busy.length > 0, this.flow.limits, next.takeOver);
  }

  private receive(slot: WorkerSlot, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        slot.ready = true;
        return this.pump();
      case 'store-failed':
        return this.fail(new StoreError(message.message));
      case 'machine-failed':
        return this.machineFailed(slot, new MachineError(message.message, message.blame, message.path));
    }
    const { running } = slot;
    if (!running || running.item.trial.hash !== message.hash) return;
    const { trial } = running.item;
    if (message.type === 'event') {
      this.emitted.push({ type: 'progress', trial, event: message.event });
    } else if (message.type === 'begin') {
      this.earlyDeaths = 0;
      slot.began(this.store, message.attempt);
      const { attempt, resumedFrom } = message;
      this.emitted.push({ type: 'trial-started', trial, attempt, resumedFrom, worker: slot.number });
    } else {
      this.earlyDeaths = 0;
      slot.ended();
      this.flow.attemptEnded(running.item, message);
      if (this.mustRenew(message)) slot.retire();
      this.pump();
    }
  }

  /** Whether the next trial needs another process. */
  private mustRenew({ end, residentMiB }: Extract<FromWorker, { type: 'end' }>): boolean {
    // What nobody can explain is tried in another process.
    if (end.type === 'again') return true;
    // What earlier trials left behind must not count against the next one's limit.
    const { memoryMiB } = this.flow.limits;
    return memoryMiB !== undefined && residentMiB > memoryMiB / 2;
  }

  /** The worker ends by itself; its trial waits until the machine is fit again. */
  private machineFailed(slot: WorkerSlot, error: MachineError): void {
    const running = slot.ended();
    slot.retiring = true;
    if (running) this.flow.putBack(running.item);
    this.flow.machineFailed(error);
    this.pump();
  }

  private exited(running: Running | undefined, exit: SlotExit): void {
    if (running && !this.stopping) {
      if (running.attempt !== undefined) this.flow.died(running, exit);
      else this.flow.putBack(running.item);
    }
    const early = running ? running.attempt === undefined : !exit.ready;
    if (early && !this.stopping && ++this.earlyDeaths >= MOST_EARLY_DEATHS) {
      const how = exit.signal ?? `exit code ${exit.code}`;
      const before = exit.ready ? 'ends before it begins a trial' : 'does not start';
      const said = lastWords(exit.output) || 'it wrote nothing; look for limits of memory, processes or disk (ulimit)';
      return this.fail(new UserError(`the worker process ${before} (${how}, ${this.earlyDeaths} in a row): ${said}`));
    }
    this.pump();
  }

  /** Looks after own workers that stand still, and trials that others work on. */
  private look(): void {
    if (this.flow.trouble && !this.stopping && !this.mayGo()) return this.pump();
    if (this.flow.verdict === 'go') {
      for (const slot of this.slots) slot.watch(this.store);
      this.flow.look();
    }
    this.pump();
  }

  private fail(error: Error): void {
    this.trouble ??= error;
    this.stopping = true;
    for (const slot of this.slots) slot.retire();
    this.pump();
  }

  private finish(): void {
    clearInterval(this.poll);
    this.emitted.close();
    if (this.trouble) return this.settle.reject(this.trouble);
    try {
      this.settle.resolve(summarise(this.store, this.request.hashes));
    } catch (error) {
      this.settle.reject(error as Error);
    }
  }

  /** Errors in callbacks belong to the run, not to the process; those of the machine may pass. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof MachineError && this.trouble === undefined) return this.flow.machineFailed(error);
      const first = this.trouble === undefined;
      this.trouble ??= error instanceof Error ? error : new Error(messageOf(error));
      this.stopping = true;
      for (const slot of this.slots) slot.retire();
      if (first && this.slots.some((slot) => slot.occupied)) return;
      clearInterval(this.poll);
      this.emitted.close();
      this.settle.reject(this.trouble);
    }
  }
}
