import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { makeSubfolder, readRegularJson, redact, writeWhole } from '@gmoe/core';
import type { SweepStore } from '@gmoe/experiment';
import { describeMachine, openSpool, readGitState, type GitState, type Spool, type SweepFields } from '@gmoe/spool';
import { z } from 'zod';
import { packageVersions } from './package-versions.js';

const FILE = 'tracking.json';
const MOST_BYTES = 1 << 20;

const fileSchema = z.strictObject({
  id: z.string(),
  command: z.string(),
  user: z.string().optional(),
  experiment: z.string().min(1).max(500).optional(),
  standalone: z.boolean().default(false),
});

/** Folder of the journals from which MLflow is fed. */
export function spoolFolder(store: SweepStore): string {
  return join(store.folder, 'mlflow');
}

/**
 * Gives a sweep its lasting id and remembers the command that runs it. Called by the process that starts the sweep.
 *
 * @param options.standalone one training by itself instead of a sweep
 */
export function registerSweep(
  store: SweepStore,
  command: string,
  options: { readonly standalone?: boolean } = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  const before = readFile(store);
  const experiment = env['MLFLOW_EXPERIMENT_NAME']?.trim() || before?.experiment;
  const user = userName();
  const content: z.input<typeof fileSchema> = {
    id: before?.id ?? `sweep-${randomUUID()}`,
    command: redact(command),
    ...(user !== undefined && { user }),
    ...(experiment !== undefined && { experiment }),
    standalone: options.standalone ?? false,
  };
  writeWhole(join(store.folder, FILE), `${JSON.stringify(content, null, 2)}\n`);
}

let git: { readonly state: GitState | undefined } | undefined;

/** What all runs of a sweep share in MLflow. Undefined where no process registered the sweep. */
export function sweepFields(store: SweepStore): SweepFields | undefined {
  const file = readFile(store);
  if (!file) return undefined;
  // Asked for once: a worker runs many trials.
  git ??= { state: readGitState(process.cwd()) };
  return {
    ...file,
    name: store.manifest().name,
    git: git.state,
    packages: packageVersions(),
    machine: describeMachine(),
  };
}

/**
 * The sweep's journals. Problems with them never reach the trial; they are told to `onProblem`.
 *
 * @returns undefined if the folder cannot be made
 */
export function sweepSpool(store: SweepStore, onProblem: (reason: string) => void): Spool | undefined {
  try {
    return openSpool(makeSubfolder(spoolFolder(store)), {}, ({ run, reason }) => onProblem(`${run}: ${reason}`));
  } catch (error) {
    onProblem((error as Error).message);
    return undefined;
  }
}

/** A damaged file counts as none: the sweep gets a new id then, and new runs. */
function readFile(store: SweepStore): z.output<typeof fileSchema> | undefined {
  const file = join(store.folder, FILE);
  if (!existsSync(file)) return undefined;
  try {
    return fileSchema.parse(readRegularJson(file, MOST_BYTES));
  } catch {
    return undefined;
  }
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
