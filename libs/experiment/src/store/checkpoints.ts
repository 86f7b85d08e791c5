import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renameDurably, syncFolder, syncTree } from '@gmoe/core';
import { z } from 'zod';
import { makeFolderIn, readJson, writeJson } from './files.js';
import { guardStore, MachineError } from './store-error.js';

const KEPT = 2;

const metaSchema = z.strictObject({
  step: z.int().min(0),
  seconds: z.number().min(0),
  eventBytes: z.int().min(0),
});

/** A complete checkpoint. */
export interface Checkpoint {
  readonly step: number;
  /** Wall-clock seconds that it took to get there, over all attempts that led to it. */
  readonly seconds: number;
  /** How much of `events.jsonl` had been written then. */
  readonly eventBytes: number;
  readonly folder: string;
  readonly attemptFolder: string;
}

const checkpointsFolder = (attemptFolder: string): string => join(attemptFolder, 'checkpoints');

/** Writes a checkpoint that is there as a whole or not at all, and removes all but the last two. */
export async function saveCheckpoint(
  attemptFolder: string,
  meta: z.output<typeof metaSchema>,
  write: (folder: string) => Promise<void> | void,
): Promise<void> {
  const folder = checkpointsFolder(attemptFolder);
  const name = String(meta.step).padStart(9, '0');
  const draft = join(folder, `.tmp-${name}`);
  guardStore(folder, () => {
    rmSync(draft, { recursive: true, force: true });
    makeFolderIn(attemptFolder, 'checkpoints', `.tmp-${name}`);
  });
  await write(draft);
  writeJson(join(draft, 'checkpoint.json'), meta, { durably: false });
  guardStore(folder, () => {
    rmSync(join(folder, name), { recursive: true, force: true });
    syncTree(draft);
    // The names that lead to it: of the first checkpoint they are new.
    syncFolder(attemptFolder);
    syncFolder(dirname(attemptFolder));
    renameDurably(draft, join(folder, name));
    for (const old of names(folder).slice(0, -KEPT)) rmSync(join(folder, old), { recursive: true, force: true });
  });
}

/** The checkpoint that came furthest among these attempts. */
export function furthestCheckpoint(attemptFolders: readonly string[]): Checkpoint | undefined {
  return attemptFolders
    .flatMap((attemptFolder) =>
      names(checkpointsFolder(attemptFolder)).map((name) => {
        const folder = join(checkpointsFolder(attemptFolder), name);
        const meta = readMeta(folder);
        return meta && hasEvents(attemptFolder, meta.eventBytes) ? { ...meta, folder, attemptFolder } : undefined;
      }),
    )
    .filter((checkpoint) => checkpoint !== undefined)
    .reduce<Checkpoint | undefined>((best, next) => (best && best.step >= next.step ? best : next), undefined);
}

/** One that cannot be read is none: an earlier one serves. */
function readMeta(folder: string): z.output<typeof metaSchema> | undefined {
  try {
    return readJson(join(folder, 'checkpoint.json'), metaSchema);
  } catch (error) {
    if (error instanceof MachineError) throw error;
    return undefined;
  }
}

/** Whether the events that led to a checkpoint are all there: a cut of the power may have taken some. */
function hasEvents(attemptFolder: string, bytes: number): boolean {
  try {
    return statSync(join(attemptFolder, 'events.jsonl')).size >= bytes;
  } catch {
    return false;
  }
}

/** Checkpoints are of no use once the trial is finished. */
export function removeCheckpoints(attemptFolders: readonly string[]): void {
  for (const folder of attemptFolders) rmSync(checkpointsFolder(folder), { recursive: true, force: true });
}

function names(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .sort();
}
