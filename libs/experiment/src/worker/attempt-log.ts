import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonLines, trialEventSchema, type TrialEvent } from '../records/index.js';
import type { Checkpoint } from '../store/checkpoints.js';
import { guardStore } from '../store/store-error.js';

/** The files that an attempt adds lines to. Owns two file descriptors. */
export class AttemptLog {
  private readonly events: number;
  private readonly text: number;

  /** Starts the files; after a resume they begin with what led to the checkpoint. */
  constructor(
    private readonly folder: string,
    checkpoint?: Checkpoint,
  ) {
    this.events = guardStore(folder, () => openSync(join(folder, 'events.jsonl'), 'a'));
    this.text = guardStore(folder, () => openSync(join(folder, 'log.txt'), 'a'));
    if (checkpoint) this.inherit(checkpoint);
  }

  private inherit(checkpoint: Checkpoint): void {
    const log = join(checkpoint.attemptFolder, 'log.txt');
    if (existsSync(log)) this.write(this.text, readFileSync(log, 'utf8'));
    this.line(`resumed from step ${checkpoint.step}`);
    for (const event of readJsonLines(join(checkpoint.attemptFolder, 'events.jsonl'), trialEventSchema)) {
      if (event.step <= checkpoint.step) this.event(event);
    }
  }

  event(event: TrialEvent): void {
    this.write(this.events, `${JSON.stringify(event)}\n`);
  }

  line(line: string): void {
    this.write(this.text, `${line}\n`);
  }

  private write(descriptor: number, text: string): void {
    const bytes = Buffer.from(text);
    guardStore(this.folder, () => {
      for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    });
  }

  close(): void {
    closeSync(this.events);
    closeSync(this.text);
  }
}
