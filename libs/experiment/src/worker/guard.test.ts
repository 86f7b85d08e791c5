import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle, temporaryFolder } from '../testing/fake-sweep.js';

let program: string;
beforeAll(async () => {
  program = await bundle('guarded-process');
});

/** What a guard with a limit of 200 MiB does where the system says so of the process. */
function guarded(status: string): { signal: string | null; failure: unknown } {
  const folder = temporaryFolder();
  const [statusFile, failureFile] = [join(folder, 'status'), join(folder, 'failure.json')];
  writeFileSync(statusFile, status);
  const { signal } = spawnSync(process.execPath, [program, statusFile, failureFile, '200']);
  return { signal, failure: existsSync(failureFile) ? JSON.parse(readFileSync(failureFile, 'utf8')) : undefined };
}

const kB = (mebibytes: number): number => mebibytes * 1024;

describe('limits.memoryMiB', () => {
  it('does not count pages of files, such as mapped weights', () => {
    const status = `VmRSS:\t${kB(900)} kB\nRssAnon:\t${kB(100)} kB\nRssFile:\t${kB(790)} kB\nRssShmem:\t${kB(10)} kB\n`;
    expect(guarded(status)).toEqual({ signal: null, failure: undefined });
  });

  it('counts what is its own, shared memory too', () => {
    const status = `VmRSS:\t${kB(260)} kB\nRssAnon:\t${kB(150)} kB\nRssFile:\t${kB(10)} kB\nRssShmem:\t${kB(100)} kB\n`;
    expect(guarded(status)).toEqual({
      signal: 'SIGKILL',
      failure: { kind: 'memory', message: 'took 250 MiB of memory; limits.memoryMiB is 200' },
    });
  });
});
