import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { SweepStore } from '@gmoe/experiment';
import { describeMachine, openSpool, readGitState, type Spool, type SweepFields } from '@gmoe/spool';
import { z } from 'zod';
import { packageVersions } from './package-versions.js';

const FILE = 'tracking.json';

const fileSchema = z.strictObject({ id: z.string(), command: z.string(), user: z.string().optional() });

/** Folder of the journals from which MLflow is fed. */
export function spoolFolder(store: SweepStore): string {
  return join(store.folder, 'mlflow');
}

/** Gives a sweep its lasting id and remembers the command that runs it. Called by the process that starts the sweep. */
export function registerSweep(store: SweepStore, command: string): void {
  const file = join(store.folder, FILE);
  const id = existsSync(file) ? fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).id : `sweep-${randomUUID()}`;
  writeFileSync(file, `${JSON.stringify({ id, command, user: userName() }, null, 2)}\n`);
}

/** What all runs of a sweep share in MLflow. Undefined where no process registered the sweep. */
export function sweepFields(store: SweepStore): SweepFields | undefined {
  const file = join(store.folder, FILE);
  if (!existsSync(file)) return undefined;
  const { id, command, user } = fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    id,
    name: store.manifest().name,
    command,
    git: readGitState(process.cwd()),
    packages: packageVersions(),
    machine: describeMachine(),
    user,
  };
}

/** The sweep's journals. Problems with them never reach the trial; they are told to `onProblem`. */
export function sweepSpool(store: SweepStore, onProblem: (reason: string) => void): Spool {
  mkdirSync(spoolFolder(store), { recursive: true });
  return openSpool(spoolFolder(store), {}, ({ run, reason }) => onProblem(`${run}: ${reason}`));
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
