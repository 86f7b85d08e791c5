import { closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redact, writeAll } from '@gmoe/core';
import type { TrialEvent } from '../records/index.js';
import type { Checkpoint } from '../store/checkpoints.js';
import { guardStore } from '../store/store-error.js';

/** The files that an attempt adds lines to. Owns two file descriptors. */
export class AttemptLog {
  private readonly events: number;
  private readonly text: number;
  /** Size of `events.jsonl`. */
  eventBytes = 0;

  /** Starts the files; after a resume they begin with what led to the checkpoint. */
  constructor(
    private readonly folder: string,
    checkpoint?: Checkpoint,
  ) {
    this.events = guardStore(folder, () => openSync(join(folder, 'events.jsonl'), 'a'));
    this.text = guardStore(folder, () => openSync(join(folder, 'log.txt'), 'a'));
    if (checkpoint) guardStore(folder, () => this.inherit(checkpoint));
  }

  private inherit(checkpoint: Checkpoint): void {
    const log = join(checkpoint.attemptFolder, 'log.txt');
    if (existsSync(log)) this.write(this.text, readFileSync(log));
    this.line(`resumed from step ${checkpoint.step}`);
    const events = readFileSync(join(checkpoint.attemptFolder, 'events.jsonl')).subarray(0, checkpoint.eventBytes);
    this.write(this.events, events);
    this.eventBytes = events.length;
  }

  event(event: TrialEvent): void {
    const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
    this.write(this.events, bytes);
    this.eventBytes += bytes.length;
  }

  /** Puts the events on the disk: a checkpoint stands for all that led to it. */
  sync(): void {
    guardStore(this.folder, () => fsyncSync(this.events));
  }

  line(line: string): void {
    this.write(this.text, Buffer.from(`${redact(line)}\n`));
  }

  private write(descriptor: number, bytes: Uint8Array): void {
    guardStore(this.folder, () => writeAll(descriptor, bytes));
  }

  close(): void {
    for (const descriptor of [this.events, this.text]) {
      try {
        closeSync(descriptor);
      } catch {
        // What was not written shows when the result's files are described or synced.
      }
    }
  }
}
