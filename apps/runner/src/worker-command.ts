import { resolve } from 'node:path';
import type { EngineOptions } from '@gmoe/tensor';

/** The command that starts a worker of this very program on a store. */
export function workerCommand(
  folder: string,
  { engine, device, threads }: EngineOptions,
  program = resolve(process.argv[1]!),
): string[] {
  return [
    process.execPath,
    ...process.execArgv,
    program,
    'worker',
    '--store',
    folder,
    ...(engine ? ['--engine', engine] : []),
    ...(device ? ['--device', device] : []),
    ...(threads ? ['--threads', String(threads)] : []),
  ];
}
