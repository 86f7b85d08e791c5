import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { MachineError } from '@gmoe/experiment';
import { basePlace, type BaseChoice } from './base-choice.js';
import { isBase } from './base-path.js';

/** What of a trial's config names files. */
export interface TrialInputs {
  readonly base: BaseChoice;
  readonly task: Readonly<Record<string, unknown>>;
}

/** An input that is not there on this machine: its field and path. */
export interface MissingInput {
  readonly field: string;
  readonly path: string;
}

/**
 * The first input of a trial that is not there: a disk that is not mounted, a worker in another place. Plans are checked before
 * anything runs, so what is missing later is the machine's failure, not the trial's.
 */
export function missingInput({ base: choice, task }: TrialInputs): MissingInput | undefined {
  const base = basePlace(choice);
  if (base !== 'bundled' && !isBase(base)) return { field: 'base', path: resolve(base) };
  const { dataDir } = task;
  const folder = typeof dataDir === 'string' ? dataDir : undefined;
  if (folder !== undefined && !existsSync(folder)) return { field: 'task.dataDir', path: resolve(folder) };
  for (const [name, file] of Object.entries(task)) {
    if (!/File$/.test(name) || typeof file !== 'string') continue;
    const path = folder === undefined || isAbsolute(file) ? file : join(folder, file);
    if (!existsSync(path)) return { field: `task.${name}`, path: resolve(path) };
  }
  return undefined;
}

/** The machine's failure that stands behind a trial's, if an input is missing; else the trial's own. */
export function blameMissingInput(error: unknown, inputs: TrialInputs): unknown {
  if (error instanceof MachineError) return error;
  const missing = missingInput(inputs);
  if (!missing) return error;
  const { field, path } = missing;
  return new MachineError(`${field}: ${path} is not there on this machine`, 'missing', path, { cause: error });
}
