import { Worker } from 'node:worker_threads';
import type { TrialFailure } from '../records/index.js';

/** What the guard watches during one attempt. */
export interface GuardedAttempt {
  readonly heartbeatFile: string;
  readonly failureFile: string;
  readonly memoryMiB?: number | undefined;
  readonly seconds?: number | undefined;
}

export interface GuardOptions {
  /** Between two heartbeats, s. */
  readonly heartbeatSeconds?: number;
  /** From the request to stop to the kill when a trial is over its time, s. */
  readonly graceSeconds?: number;
  /** What the system says of the process's memory; for tests. */
  readonly statusFile?: string;
}

/**
 * A thread beside the one that computes, since that may be busy in one call for minutes. It keeps the heartbeat going,
 * and ends the process when an attempt takes too much memory or time. It is plain JavaScript in a string so that it
 * starts the same from sources, from a bundle and under test.
 */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { readFileSync, writeFileSync } = require('node:fs');
let watched, started = 0, beat = 0, lastBeat = -Infinity, overtime = false;
parentPort.on('message', (message) => {
  watched = message ?? undefined;
  started = performance.now();
  lastBeat = -Infinity;
  overtime = false;
  if (watched) tick();
});
// Pages of files, such as mapped weights, are the system's, which all workers share and it can take back.
function ownMemory() {
  try {
    const status = readFileSync(workerData.statusFile, 'utf8');
    const bytes = [...status.matchAll(/^Rss(?:Anon|Shmem):\\s+(\\d+) kB$/gm)].map(([, kB]) => Number(kB) * 1024);
    if (bytes.length === 2) return bytes[0] + bytes[1];
  } catch {}
  return process.memoryUsage.rss();
}
function quietly(action) { try { action(); } catch {} }
function end(kind, message) {
  quietly(() => writeFileSync(watched.failureFile, JSON.stringify({ kind, message }), { flag: 'wx' }));
  process.kill(process.pid, 'SIGKILL');
}
function tick() {
  if (!watched) return;
  const now = performance.now();
  if (now - lastBeat >= workerData.heartbeatSeconds * 1000) {
    lastBeat = now;
    quietly(() => writeFileSync(watched.heartbeatFile, String(++beat)));
  }
  if (watched.memoryMiB !== undefined) {
    const mebibytes = ownMemory() / 1048576;
    if (mebibytes > watched.memoryMiB) {
      end('memory', 'took ' + Math.round(mebibytes) + ' MiB of memory; limits.memoryMiB is ' + watched.memoryMiB);
    }
  }
  const seconds = (now - started) / 1000;
  if (watched.seconds === undefined || seconds <= watched.seconds) return;
  if (!overtime) { overtime = true; parentPort.postMessage('overtime'); }
  if (seconds > watched.seconds + workerData.graceSeconds) {
    end('time', 'ran for ' + Math.round(seconds) + ' s and did not stop when asked; limits.seconds is ' + watched.seconds);
  }
}
setInterval(tick, Math.min(250, workerData.heartbeatSeconds * 1000));
`;

/** Watches over the attempts of one process, one at a time. */
export class Guard {
  private readonly thread: Worker;
  private onOvertime: () => void = () => undefined;

  constructor(options: GuardOptions = {}) {
    const { heartbeatSeconds = 5, graceSeconds = 20, statusFile = '/proc/self/status' } = options;
    const workerData = { heartbeatSeconds, graceSeconds, statusFile };
    this.thread = new Worker(THREAD, { eval: true, workerData, execArgv: [] });
    this.thread.on('message', () => this.onOvertime());
    this.thread.unref();
  }

  /** @param onOvertime called once if the attempt passes its wall-clock limit; the process is killed if it goes on. */
  watch(attempt: GuardedAttempt, onOvertime: () => void): void {
    this.onOvertime = onOvertime;
    this.thread.postMessage(attempt);
  }

  rest(): void {
    this.onOvertime = () => undefined;
    this.thread.postMessage(null);
  }

  async close(): Promise<void> {
    await this.thread.terminate();
  }
}

export function overtimeFailure(seconds: number): TrialFailure {
  return { kind: 'time', message: `ran longer than limits.seconds = ${seconds}` };
}
