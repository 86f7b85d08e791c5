import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { FromWorker, ToWorker } from '../../worker/protocol.js';
import { allocatorEnvironment } from '../allocator.js';
import { SINGLE_THREADED } from './cpu-affinity.js';

export interface WorkerProcessOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly processors: readonly number[] | undefined;
  readonly onMessage: (message: FromWorker) => void;
  readonly onExit: (exit: WorkerExit) => void;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote. */
  readonly output: string;
}

const KEPT_OUTPUT = 4096;

/** A worker in its own process group: Ctrl-C at the terminal does not reach it, and it is killed with all it started. */
export class WorkerProcess {
  private readonly child: ChildProcess;
  private output = '';
  /** Where its output goes at present: the log of the attempt it runs. */
  logFile: string | undefined;

  constructor(options: WorkerProcessOptions) {
    const [program, ...args] = options.processors
      ? ['taskset', '-c', options.processors.join(','), ...options.command]
      : options.command;
    this.child = spawn(program!, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        ...SINGLE_THREADED,
        ...allocatorEnvironment(),
        ...options.env,
        GMOE_SERVED_WORKER: '1',
      },
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => this.keep(text));
    }
    this.child.on('message', (message) => options.onMessage(message as FromWorker));
    let over = false;
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (over) return;
      over = true;
      options.onExit({ code, signal, output: this.output });
    };
    // What the worker started would keep its pipes open, and run on.
    this.child.on('exit', () => this.signalGroup('SIGKILL'));
    this.child.on('close', end);
    this.child.on('error', (error) => {
      this.keep(`${error.message}\n`);
      if (this.child.pid === undefined) end(null, null);
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  send(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  kill(): void {
    this.signalGroup('SIGKILL');
  }

  private signalGroup(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // The group is gone.
    }
  }

  private keep(text: string): void {
    this.output = (this.output + text).slice(-KEPT_OUTPUT);
    if (this.logFile === undefined) return;
    try {
      appendFileSync(this.logFile, text);
    } catch {
      // A full disk shows at the next write that matters.
    }
  }
}
