import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FORMAT_VERSION } from '../records/index.js';
import { makeFolderIn, readJson, writeJson } from './files.js';
import type { SweepStore } from './sweep-store.js';

/** Why an arm goes no further: the rule, and the numbers that it was applied to. */
export const armStopSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  group: z.string(),
  arm: z.string(),
  rule: z.string().describe('in words, with its numbers'),
  step: z.int().describe('optimizer steps at which the arms were compared'),
  score: z.number().describe('mean of the metric over the seeds of the arm'),
  rank: z.int().min(1),
  compared: z.int().min(1).describe('arms that were compared'),
  time: z.number().describe('milliseconds since 1970'),
});

export type ArmStop = z.output<typeof armStopSchema>;

const stopsFolder = (store: SweepStore): string => join(store.folder, 'stops');

export function recordStop(store: SweepStore, stop: ArmStop): void {
  makeFolderIn(store.folder, 'stops');
  writeJson(join(stopsFolder(store), `${stop.group.slice(0, 16)}.json`), stop);
}

/** Arms that early stopping ended. */
export function readStops(store: SweepStore): ArmStop[] {
  const folder = stopsFolder(store);
  if (!existsSync(folder)) return [];
  // A file that is replaced while the folder is read may be listed twice.
  return [...new Set(readdirSync(folder))]
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readJson(join(folder, name), armStopSchema) ?? []);
}
