import { messageOf } from '@gmoe/core';
import type { Limits } from '../../records/index.js';
import { createAsha } from '../../stopping/asha.js';
import { runEverything, type SchedulingPolicy, type WorkItem } from '../../stopping/policy.js';
import { ClaimObserver } from '../../store/claim.js';
import { recordFailure, settleFailures } from '../../store/failures.js';
import { withdrawDamaged } from '../../store/reopen.js';
import { MachineError } from '../../store/store-error.js';
import { recordStop } from '../../store/stops.js';
import { MachineTrouble, type PatienceOptions } from '../../worker/machine-trouble.js';
import type { FromWorker } from '../../worker/protocol.js';
import { openTrials } from '../../worker/run-worker.js';
import type { LaunchEvent, LaunchRequest } from '../launcher.js';
import { Elsewhere } from './elsewhere.js';
import { explainExit, kernelMemoryKills } from './exit-failure.js';
import type { Running, SlotExit } from './worker-slot.js';
import { WorkQueue } from './work-queue.js';

/** What becomes of a run's trials: which of them wait, which are in other hands, and what follows from the end of an attempt. */
export class TrialFlow {
  readonly limits: Limits;
  /** Trials that were open at the start. */
  readonly open: number;
  private readonly queue = new WorkQueue();
  private readonly elsewhere: Elsewhere;
  private readonly policy: SchedulingPolicy;
  private readonly machine: MachineTrouble;

  constructor(
    private readonly request: LaunchRequest,
    private readonly tell: (event: LaunchEvent) => void,
    { staleSeconds, ...patience }: PatienceOptions & { readonly staleSeconds: number },
  ) {
    const { store, hashes } = request;
    const { limits, stopping } = store.manifest();
    this.limits = limits;
    this.machine = new MachineTrouble(store, patience, true);
    this.elsewhere = new Elsewhere(store, new ClaimObserver(staleSeconds));
    this.tellDamaged();
    const trials = openTrials(store, hashes);
    this.open = trials.length;
    this.policy = stopping ? createAsha(store, stopping, hashes) : runEverything(trials);
    this.queue.add(this.policy.start());
  }

  /** Damaged trials are told at once: those that run again, and those that are left to the user. */
  private tellDamaged(): void {
    const { again, left } = withdrawDamaged(this.request.store, this.request.hashes);
    for (const { trial, message } of [...again, ...left]) this.tell({ type: 'trial-damaged', trial, message });
  }

  /** Trials that a worker could take now. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Whether trials wait here, or are in other hands. */
  get unfinished(): boolean {
    return this.queue.size > 0 || this.elsewhere.size > 0;
  }

  /** What the machine fails with at present. */
  get trouble(): MachineError | undefined {
    return this.machine.current;
  }

  /** Whether the machine is fit to work. */
  get verdict(): ReturnType<MachineTrouble['verdict']> {
    return this.machine.verdict();
  }

  /** When nothing waits and nothing runs: what may still run, or the arms that go no further. */
  drain(): void {
    const { items, stops } = this.policy.drain();
    this.queue.add(items);
    for (const stop of stops) {
      recordStop(this.request.store, stop);
      this.tell({ type: 'arm-stopped', stop });
    }
  }

  /**
   * The next trial for a worker, with the attempt whose claim it may displace.
   *
   * @param groups those that other workers are at
   */
  take(lastGroup: string | undefined, groups: readonly string[]) {
    const item = this.queue.take(lastGroup, groups);
    return item && { item, takeOver: this.elsewhere.take(item.trial) };
  }

  /** A trial that was given out and not begun. */
  putBack(item: WorkItem): void {
    this.queue.addFirst([item]);
  }

  /** An attempt ended in order. Where the store fails in the middle, the trial stays: one that is published already costs nothing. */
  attemptEnded(item: WorkItem, { end }: Extract<FromWorker, { type: 'end' }>): void {
    this.keepingHold(item, () => {
      const { trial } = item;
      if (end.type === 'published') this.published(item);
      else if (end.type === 'busy') {
        this.elsewhere.add(item);
        this.tell({ type: 'trial-elsewhere', trial });
      } else if (end.type === 'stopped') {
        this.tell({ type: 'trial-paused', trial, why: end.why });
        if (end.why === 'rung') this.queue.addFirst(this.policy.advance(item));
      } else {
        this.queue.add([item]);
        this.tell({ type: 'trial-retried', trial, failure: end.failure, alone: false });
      }
      if (end.type === 'published' || end.type === 'stopped') this.machine.passed();
    });
  }

  /** The process of an attempt died. */
  died({ item, shared, memoryKills, attempt }: Running, exit: SlotExit): void {
    this.keepingHold(item, () => {
      const { trial } = item;
      const { store } = this.request;
      const death = causeOfDeath(exit, !shared, (kernelMemoryKills() ?? 0) > (memoryKills ?? 0));
      store.mustBeThere();
      const failure = recordFailure(store, trial.hash, attempt!, death.failure);
      if (store.isPublished(trial.hash) || settleFailures(store, trial, this.limits)) return this.published(item);
      if (death.memory) this.queue.addAlone(item);
      else this.queue.add([item]);
      this.tell({ type: 'trial-retried', trial, failure, alone: death.memory });
    });
  }

  /** Looks after trials in other hands. */
  look(): void {
    const { published, abandoned } = this.elsewhere.look();
    for (const item of published) this.keepingHold(item, () => this.published(item));
    for (const item of abandoned) this.queue.add(this.policy.wants(item) ? [item] : this.policy.advance(item));
  }

  /** The machine failed; trials wait until it is fit again. */
  machineFailed(error: MachineError): void {
    if (this.machine.current?.message !== error.message) this.tell({ type: 'trouble', message: error.message });
    this.machine.report(error);
  }

  private keepingHold(item: WorkItem, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof MachineError)) throw error;
      this.queue.addFirst([item]);
      this.machineFailed(error);
    }
  }

  private published(item: WorkItem): void {
    const { trial } = item;
    const { store } = this.request;
    store.mustBeThere();
    try {
      const result = store.result(trial.hash);
      if (result) this.tell({ type: result.status === 'failed' ? 'trial-failed' : 'trial-finished', trial, result });
    } catch (error) {
      if (error instanceof MachineError) throw error;
      this.tell({ type: 'trial-damaged', trial, message: messageOf(error) });
    }
    this.queue.addFirst(this.policy.advance(item));
  }
}

function causeOfDeath(exit: SlotExit, alone: boolean, kernelKilled: boolean): ReturnType<typeof explainExit> {
  if (exit.stillSeconds === undefined) return explainExit(exit, alone, kernelKilled);
  const message = `its process stood still for ${exit.stillSeconds} s and was ended`;
  return { failure: { kind: 'crash', message }, memory: false };
}
