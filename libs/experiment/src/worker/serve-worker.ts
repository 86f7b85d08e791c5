import { messageOf } from '@gmoe/core';
import { isAbandoned } from '../store/claim.js';
import { MachineError, StoreError } from '../store/store-error.js';
import type { SweepStore } from '../store/sweep-store.js';
import { Guard, type GuardOptions } from './guard.js';
import type { FromWorker, ToWorker } from './protocol.js';
import { runAttempt } from './run-attempt.js';
import { AttemptStopped, type TrialExecutor } from './trial-attempt.js';

export interface ServeOptions {
  readonly store: SweepStore;
  readonly execute: TrialExecutor;
  readonly guard?: GuardOptions;
  /** From the request to stop to the end of the process, s. */
  readonly graceSeconds?: number;
}

/** Whether a launcher started this process and waits to hand it trials. */
export function isServedWorker(): boolean {
  return process.send !== undefined && process.env['GMOE_SERVED_WORKER'] === '1';
}

/**
 * Runs the trials that the launcher hands over, one at a time, until it says stop or is gone. A worker whose launcher
 * was killed saves a checkpoint and ends: nobody would watch over it.
 */
export async function serveWorker(options: ServeOptions): Promise<void> {
  const guard = new Guard(options.guard);
  const stop = new AbortController();
  const send = (message: FromWorker): void => {
    if (process.connected) process.send!(message, undefined, {}, () => undefined);
  };
  let current: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve) => {
    const end = (): void => {
      if (stop.signal.aborted) return;
      stop.abort(new AttemptStopped('stop'));
      setTimeout(() => process.exit(1), (options.graceSeconds ?? 30) * 1000).unref();
      void current.then(resolve);
    };
    process.on('message', (message: ToWorker) => {
      if (message.type === 'stop') end();
      else current = current.then(() => run(message, options, guard, stop.signal, send, end));
    });
    process.on('disconnect', end);
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    process.on('SIGHUP', end);
    send({ type: 'ready' });
  });
  await guard.close();
  if (process.connected) process.disconnect();
}

async function run(
  message: Extract<ToWorker, { type: 'run' }>,
  { store, execute }: ServeOptions,
  guard: Guard,
  stop: AbortSignal,
  send: (message: FromWorker) => void,
  end: () => void,
): Promise<void> {
  const { trial, limits, pauseAtStep, takeOver } = message;
  const { hash } = trial;
  try {
    const end = await runAttempt({
      store,
      trial,
      limits,
      execute,
      guard,
      stop,
      pauseAtStep,
      mayTakeOver: (claim) => claim.attempt === takeOver || isAbandoned(claim),
      onBegin: (attempt, resumedFrom) => send({ type: 'begin', hash, attempt, resumedFrom }),
      onEvent: (event) => send({ type: 'event', hash, event }),
    });
    send({ type: 'end', hash, end, residentMiB: process.memoryUsage.rss() / 2 ** 20 });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (!(error instanceof MachineError)) return send({ type: 'store-failed', message: messageOf(error) });
    const { message: said, blame, path } = error;
    send({ type: 'machine-failed', message: said, blame, path });
    // Its claim may stand where it cannot be released now: it must be seen to be dead.
    end();
  }
}
