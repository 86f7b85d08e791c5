import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FORMAT_VERSION } from '../../records/index.js';
import { makeFolderIn, readJson, writeJson } from '../../store/files.js';
import { guardStore } from '../../store/store-error.js';
import type { SweepStore } from '../../store/sweep-store.js';

/** One worker on a cluster; written before it is submitted, so that no crash loses track of it and none is submitted twice. */
const intentSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  submissionId: z.string().describe("the job's id in Ray"),
  address: z.string().describe('job server'),
  createdAt: z.number().describe('milliseconds since 1970'),
});

export type RayIntent = z.output<typeof intentSchema>;

const folderOf = (store: SweepStore): string => join(store.folder, 'submissions', 'ray');

/** A file of a worker: its intent, its script, its log, and what says that it ended or shall end. */
export function rayFile(
  store: SweepStore,
  submissionId: string,
  kind: 'json' | 'sh' | 'log' | 'cancelled' | 'ended',
): string {
  return join(folderOf(store), `${submissionId}.${kind}`);
}

export function recordRayIntent(store: SweepStore, intent: RayIntent): void {
  makeFolderIn(store.folder, 'submissions', 'ray');
  writeJson(rayFile(store, intent.submissionId, 'json'), intent);
}

/** Workers that are not known to have ended, oldest first. */
export function openRayIntents(store: SweepStore): RayIntent[] {
  if (!existsSync(folderOf(store))) return [];
  return guardStore(folderOf(store), () => readdirSync(folderOf(store)))
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readJson(join(folderOf(store), name), intentSchema) ?? [])
    .filter((intent) => !existsSync(rayFile(store, intent.submissionId, 'ended')))
    .sort((a, b) => a.createdAt - b.createdAt);
}

/** Leaves a mark beside an intent: it `ended`, or it is `cancelled` and its worker shall save a checkpoint and end. */
export function markRay(store: SweepStore, submissionId: string, mark: 'ended' | 'cancelled'): void {
  const file = rayFile(store, submissionId, mark);
  guardStore(file, () => writeFileSync(file, ''));
}

export function isRayCancelled(store: SweepStore, submissionId: string): boolean {
  return existsSync(rayFile(store, submissionId, 'cancelled'));
}
