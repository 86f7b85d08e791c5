import { readFileSync } from 'node:fs';
import { parseJson, writeWhole } from '@gmoe/core';
import { z } from 'zod';
import { sha256 } from './mlflow-values.js';
import { JOURNAL_SUFFIX, processIdentity } from './records.js';

const uploadState = z.object({
  version: z.literal(1),
  server: z.string(),
  /** Journal bytes whose content is on the server (or in the dead letters). */
  offset: z.int().min(0).default(0),
  experimentId: z.string().optional(),
  runId: z.string().optional(),
  artifactUri: z.string().optional(),
  /** Whether the run is shown under its parent already. */
  parentLinked: z.boolean().default(false),
  /** Status last told to the server. */
  status: z.string().optional(),
  /** Hash of each param's value as first seen: MLflow lets none change. */
  params: z.record(z.string(), z.string()).default({}),
  /** Longest param value that this server took. */
  paramLimit: z.int().default(6000),
  /** The process that records the run, until it ends. */
  process: processIdentity.optional(),
  /** Latest time in what was uploaded, epoch milliseconds. */
  lastTime: z.int().default(0),
  /** Whether the overflow artifact has to be written (again). */
  overflow: z.boolean().default(false),
  /** Logged models by name. */
  models: z.record(z.string(), z.string()).default({}),
  /** Offset up to which server and journal were compared and found equal. */
  verified: z.int().default(0),
  /** Set if someone deleted the run on the server: it is left alone then. */
  deleted: z.boolean().default(false),
  time: z.int().default(0),
});
export type UploadState = z.output<typeof uploadState>;

/** Names of the files beside a journal; one state and one file of dead letters per server. */
export function sidecarFiles(journal: string, server: string): { state: string; deadLetters: string; lock: string } {
  const base = journal.slice(0, -JOURNAL_SUFFIX.length);
  const id = sha256(server).slice(0, 8);
  return { state: `${base}.${id}.state.json`, deadLetters: `${base}.${id}.dead.jsonl`, lock: `${base}.lock` };
}

export function freshState(server: string): UploadState {
  return uploadState.parse({ version: 1, server });
}

/** What was persisted; from the start if there is nothing or it cannot be read, which is safe as uploads repeat well. */
export function loadState(file: string, server: string): UploadState {
  try {
    const state = uploadState.parse(parseJson(readFileSync(file, 'utf8')));
    if (state.server === server) return state;
  } catch {
    // fresh
  }
  return freshState(server);
}

/**
 * Replaces the state as a whole, never half of it. Not synced to the disk: a power cut may cost it, or leave it
 * empty, and then all is uploaded again.
 */
export function saveState(file: string, state: UploadState): void {
  writeWhole(file, JSON.stringify({ ...state, time: Date.now() }), { durably: false });
}
