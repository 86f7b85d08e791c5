import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';
import { RUN_ID } from './records.js';
import { RunRecorder, type RecorderProblem, type RunFields } from './run-recorder.js';

export const spoolOptions = z.strictObject({
  fsyncMs: z
    .int()
    .min(0)
    .nullable()
    .default(5000)
    .describe(
      'Longest time that a record may wait for the disk itself, milliseconds: what a power failure may cost. 0 syncs each record, null only the end.',
    ),
  maxPendingBytes: z
    .int()
    .min(0)
    .default(4_194_304)
    .describe('Memory for records that a full disk refuses, bytes; beyond it they are dropped and counted.'),
});
export type SpoolOptions = z.input<typeof spoolOptions>;

/** A folder of journals, one per run. */
export interface Spool {
  readonly directory: string;
  /** Starts or goes on with a run's journal. @throws UserError only for an id or a name that cannot be one */
  run(run: RunFields): RunRecorder;
}

/**
 * Opens a spool: a folder with one append-only journal (JSON lines) per run, from which an uploader or
 * `syncDirectory` feeds MLflow.
 *
 * @throws UserError if the folder cannot be made
 */
export function openSpool(
  directory: string,
  options: SpoolOptions = {},
  onProblem: (problem: RecorderProblem) => void = () => undefined,
): Spool {
  const resolved = parseOptions(spoolOptions, options, 'spool');
  const folder = resolve(directory);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`spool: cannot make the folder ${folder}: ${(error as Error).message}`, { cause: error });
  }
  return {
    directory: folder,
    run(run) {
      if (!RUN_ID.test(run.id))
        throw new UserError(`spool: run id '${run.id}': allowed are 8 to 128 letters, digits, _ . and -`);
      if (run.parent !== undefined && !RUN_ID.test(run.parent))
        throw new UserError(`spool: parent '${run.parent}': allowed are 8 to 128 letters, digits, _ . and -`);
      for (const field of ['experiment', 'name'] as const)
        if (run[field] === '' || run[field].length > 500)
          throw new UserError(`spool: ${field} '${run[field].slice(0, 60)}': allowed are 1 to 500 characters`);
      return new RunRecorder(folder, run, resolved, onProblem);
    },
  };
}
