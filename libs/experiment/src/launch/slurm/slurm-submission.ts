import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FORMAT_VERSION } from '../../records/index.js';
import { makeFolderIn, readJson, writeJson } from '../../store/files.js';
import { guardStore } from '../../store/store-error.js';
import type { SweepStore } from '../../store/sweep-store.js';

/** What a job array shall do; written before it is submitted, so that no crash can lose track of it. */
const intentSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  jobName: z.string().describe('unique; finds the job again'),
  tasks: z.array(z.array(z.string())).describe('hashes of the trials of each array task'),
  createdAt: z.number(),
});

const jobSchema = z.strictObject({ job: z.string(), summaryJob: z.string().optional() });

export type Intent = z.output<typeof intentSchema>;
export type SubmittedJob = z.output<typeof jobSchema>;

const submissionsFolder = (store: SweepStore): string => join(store.folder, 'submissions');

export function submissionFolder(store: SweepStore, jobName: string): string {
  return join(submissionsFolder(store), jobName);
}

export function recordIntent(store: SweepStore, intent: Intent): void {
  makeFolderIn(store.folder, 'submissions', intent.jobName);
  writeJson(join(submissionFolder(store, intent.jobName), 'intent.json'), intent);
}

export function readIntent(store: SweepStore, jobName: string): Intent | undefined {
  return readJson(join(submissionFolder(store, jobName), 'intent.json'), intentSchema);
}

export function recordJob(store: SweepStore, jobName: string, job: SubmittedJob): void {
  writeJson(join(submissionFolder(store, jobName), 'job.json'), job);
}

export function readJob(store: SweepStore, jobName: string): SubmittedJob | undefined {
  return readJson(join(submissionFolder(store, jobName), 'job.json'), jobSchema);
}

export function readIntents(store: SweepStore): Intent[] {
  const folder = submissionsFolder(store);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((jobName) => readIntent(store, jobName) ?? []);
}

/** A cancelled submission must not put itself into the queue again. */
export function markCancelled(store: SweepStore, jobName: string): void {
  const file = join(submissionFolder(store, jobName), 'cancelled');
  guardStore(file, () => writeFileSync(file, ''));
}

export function isCancelled(store: SweepStore, jobName: string): boolean {
  return existsSync(join(submissionFolder(store, jobName), 'cancelled'));
}
