import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { MachineError } from '../store/store-error.js';
import type { SweepStore } from '../store/sweep-store.js';

export interface PatienceOptions {
  /** How long to wait for a store or an input that vanished (an unmounted disk, a moved folder), s. Default 600. */
  readonly patienceSeconds?: number;
  /** Failures of the machine in a row after which a worker takes itself out. Default 3. */
  readonly machineFailures?: number;
}

/**
 * What to do after the machine failed: wait while the store or an input is away, try again a few times where the failure may
 * pass, give up where waiting cannot help. No trial is charged.
 */
export class MachineTrouble {
  private error: MachineError | undefined;
  private inARow = 0;
  private notBefore = 0;
  private awaySince: number | undefined;
  private readonly patienceMs: number;
  private readonly most: number;

  /**
   * @param inputsSeen whether the trials' inputs were there before: then they are waited for
   * @param monotonic milliseconds on a clock that never jumps
   */
  constructor(
    private readonly store: SweepStore,
    { patienceSeconds = 600, machineFailures = 3 }: PatienceOptions = {},
    private inputsSeen = false,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.patienceMs = patienceSeconds * 1000;
    this.most = machineFailures;
  }

  report(error: MachineError): void {
    this.error = error;
    this.inARow++;
    this.notBefore = this.monotonic() + 250 * 2 ** Math.min(this.inARow, 5);
  }

  /** A trial went well. */
  passed(): void {
    this.error = undefined;
    this.inARow = 0;
    this.awaySince = undefined;
    this.inputsSeen = true;
  }

  /** The failure that is being waited out. */
  get current(): MachineError | undefined {
    return this.error;
  }

  /** `go`: try (again); `wait`: look again in a moment; `give-up`: the present failure stays. */
  verdict(): 'go' | 'wait' | 'give-up' {
    const { error } = this;
    if (!error) return 'go';
    if (error.blame === 'full') return 'give-up';
    const now = this.monotonic();
    const away = this.away(error);
    if (away === 'input' && !this.inputsSeen) return 'give-up';
    if (away !== undefined) {
      this.awaySince ??= now;
      return now - this.awaySince > this.patienceMs ? 'give-up' : 'wait';
    }
    if (this.awaySince !== undefined) {
      // Back again: what failed meanwhile says nothing about the machine as it is now.
      this.awaySince = undefined;
      this.inARow = 0;
    }
    if (this.inARow >= this.most) return 'give-up';
    return now < this.notBefore ? 'wait' : 'go';
  }

  private away({ blame, path }: MachineError): 'store' | 'input' | undefined {
    if (!existsSync(join(this.store.folder, 'sweep.json'))) return 'store';
    if (blame !== 'missing' || path === undefined || existsSync(path)) return undefined;
    return relative(this.store.folder, path).startsWith('..') ? 'input' : undefined;
  }
}
