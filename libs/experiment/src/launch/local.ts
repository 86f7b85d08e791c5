import { messageOf, UserError } from '@gmoe/core';
import type { Limits } from '../records/index.js';
import { createAsha } from '../stopping/asha.js';
import { runEverything, type SchedulingPolicy, type WorkItem } from '../stopping/policy.js';
import { ClaimObserver } from '../store/claim.js';
import { recordFailure, settleFailures } from '../store/failures.js';
import { withdrawDamaged } from '../store/reopen.js';
import { MachineError, StoreError } from '../store/store-error.js';
import { recordStop } from '../store/stops.js';
import type { SweepStore } from '../store/sweep-store.js';
import { MachineTrouble, type PatienceOptions } from '../worker/machine-trouble.js';
import type { FromWorker } from '../worker/protocol.js';
import { openTrials } from '../worker/run-worker.js';
import { defaultJobs, processorShares } from './cpu-affinity.js';
import { Elsewhere } from './elsewhere.js';
import { EventQueue } from './event-queue.js';
import { explainExit, kernelMemoryKills, lastWords } from './exit-failure.js';
import type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
import { summarise } from './summary.js';
import { WorkerSlot, type Running, type SlotExit } from './worker-slot.js';
import { WorkQueue } from './work-queue.js';

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

class LocalRun implements Submission {
  readonly id = '';
  readonly done: Promise<LaunchSummary>;
  private readonly queue = new WorkQueue();
  private readonly emitted = new EventQueue<LaunchEvent>();
  private readonly slots: WorkerSlot[];
  private readonly elsewhere: Elsewhere;
  private readonly limits: Limits;
  private readonly policy: SchedulingPolicy;
  private readonly store: SweepStore;
  private readonly machine: MachineTrouble;
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
    this.limits = this.store.manifest().limits;
    this.machine = new MachineTrouble(this.store, options, true);
    this.elsewhere = new Elsewhere(this.store, new ClaimObserver(staleSeconds));
    this.reportDamaged();
    const trials = openTrials(this.store, request.hashes);
    const { stopping } = this.store.manifest();
    this.policy = stopping ? createAsha(this.store, stopping, request.hashes) : runEverything(trials);
    this.queue.add(this.policy.start());
    const jobs = Math.max(1, Math.min(options.jobs ?? defaultJobs(this.limits.memoryMiB), trials.length));
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

  /** Damaged trials are told at once: those that run again, and those that are left to the user. */
  private reportDamaged(): void {
    const { again, left } = withdrawDamaged(this.store, this.request.hashes);
    for (const { trial, message } of [...again, ...left]) this.emitted.push({ type: 'trial-damaged', trial, message });
  }

  /** Gives waiting trials to idle workers; ends the run when nothing is left. */
  private pump(): void {
    if (!this.stopping) this.drainPolicy();
    if (!this.stopping && this.queue.size > 0 && this.mayGo()) this.giveOut();
    if (!this.stopping && (this.queue.size > 0 || this.elsewhere.size > 0)) return;
    if (this.slots.some((slot) => slot.running)) return;
    for (const slot of this.slots) slot.retire();
    if (this.slots.every((slot) => !slot.occupied)) this.finish();
  }

  private giveOut(): void {
    // After a failure of the machine one trial shows whether it is over.
    const most = this.machine.current ? 1 : this.slots.length;
    for (const slot of this.slots) {
      if (slot.running || slot.retiring || this.queue.size === 0) continue;
      if (this.slots.filter(({ running, occupied, ready }) => running ?? (occupied && !ready)).length >= most) return;
      if (!slot.occupied) slot.start();
      else if (slot.ready) this.assign(slot);
    }
  }

  /** Whether the machine is fit to work; ends the run if it will not be. */
  private mayGo(): boolean {
    const verdict = this.machine.verdict();
    if (verdict === 'give-up') this.fail(this.machine.current!);
    return verdict === 'go';
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

  private assign(slot: WorkerSlot): void {
    const busy = this.slots.flatMap(({ running }) => (running ? [running] : []));
    if (busy.some((running) => running.alone)) return;
    const item = this.queue.take(
      slot.lastGroup,
      busy.map((running) => running.item.trial.group),
    );
    if (!item) return;
    for (const running of busy) running.shared = true;
    slot.assign(item, item.alone, busy.length > 0, this.limits, this.elsewhere.take(item.trial));
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
      this.keepingHold(running.item, () => this.attemptEnded(slot, running.item, message));
      this.pump();
    }
  }

  private attemptEnded(
    slot: WorkerSlot,
    item: WorkItem,
    { end, residentMiB }: Extract<FromWorker, { type: 'end' }>,
  ): void {
    const { trial } = item;
    if (end.type === 'published') this.published(item);
    else if (end.type === 'busy') {
      this.elsewhere.add(item);
      this.emitted.push({ type: 'trial-elsewhere', trial });
    } else if (end.type === 'stopped') {
      this.emitted.push({ type: 'trial-paused', trial, why: end.why });
      if (end.why === 'rung') this.queue.addFirst(this.policy.advance(item));
    } else {
      this.queue.add([item]);
      this.emitted.push({ type: 'trial-retried', trial, failure: end.failure, alone: false });
      // What nobody can explain is tried in another process.
      slot.retire();
    }
    if (end.type === 'published' || end.type === 'stopped') this.machine.passed();
    // What earlier trials left behind must not count against the next one's limit.
    const { memoryMiB } = this.limits;
    if (memoryMiB !== undefined && residentMiB > memoryMiB / 2) slot.retire();
  }

  /** The worker ends by itself; its trial waits until the machine is fit again. */
  private machineFailed(slot: WorkerSlot, error: MachineError): void {
    const running = slot.ended();
    slot.retiring = true;
    if (running) this.queue.addFirst([running.item]);
    this.noteTrouble(error);
    this.pump();
  }

  private noteTrouble(error: MachineError): void {
    if (this.machine.current?.message !== error.message) {
      this.emitted.push({ type: 'trouble', message: error.message });
    }
    this.machine.report(error);
  }

  /** Where the store fails in the middle, the trial stays in the queue: one that is published already costs nothing. */
  private keepingHold(item: WorkItem, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      this.queue.addFirst([item]);
      this.noteTrouble(error);
    }
  }

  private published(item: WorkItem): void {
    const { trial } = item;
    this.store.mustBeThere();
    try {
      const result = this.store.result(trial.hash);
      if (result)
        this.emitted.push({ type: result.status === 'failed' ? 'trial-failed' : 'trial-finished', trial, result });
    } catch (error) {
      if (error instanceof MachineError) throw error;
      this.emitted.push({ type: 'trial-damaged', trial, message: messageOf(error) });
    }
    this.queue.addFirst(this.policy.advance(item));
  }

  private exited(running: Running | undefined, exit: SlotExit): void {
    if (running && !this.stopping) {
      if (running.attempt !== undefined) this.keepingHold(running.item, () => this.died(running, exit));
      else this.queue.addFirst([running.item]);
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

  private died({ item, shared, memoryKills, attempt }: Running, exit: SlotExit): void {
    const { trial } = item;
    const kernelKilled = (kernelMemoryKills() ?? 0) > (memoryKills ?? 0);
    const death =
      exit.stillSeconds === undefined
        ? explainExit(exit, !shared, kernelKilled)
        : {
            failure: {
              kind: 'crash',
              message: `its process stood still for ${exit.stillSeconds} s and was ended`,
            } as const,
            memory: false,
          };
    this.store.mustBeThere();
    const failure = recordFailure(this.store, trial.hash, attempt!, death.failure);
    if (this.store.isPublished(trial.hash) || settleFailures(this.store, trial, this.limits))
      return this.published(item);
    if (death.memory) this.queue.addAlone(item);
    else this.queue.add([item]);
    this.emitted.push({ type: 'trial-retried', trial, failure, alone: death.memory });
  }

  /** Looks after own workers that stand still, and trials that others work on. */
  private look(): void {
    if (this.machine.current && !this.stopping && !this.mayGo()) return this.pump();
    if (this.machine.verdict() === 'go') {
      for (const slot of this.slots) slot.watch(this.store);
      const { published, abandoned } = this.elsewhere.look();
      for (const item of published) this.keepingHold(item, () => this.published(item));
      for (const item of abandoned) this.queue.add(this.policy.wants(item) ? [item] : this.policy.advance(item));
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
      if (error instanceof MachineError && this.trouble === undefined) return this.noteTrouble(error);
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
