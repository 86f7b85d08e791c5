import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { reportError } from '../exit.js';
import { createProgram } from '../program.js';

export interface GmoeResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Builds the program once for a test file and gives a function that runs it, and a folder that goes with the file.
 */
export function setUpGmoe(): {
  gmoe(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<GmoeResult>;
  folder(): string;
  program(): string;
} {
  const out = join('dist', `test-${process.pid}`);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gmoe-app-'));
    const { status, stderr } = spawnSync(process.execPath, ['tools/build.mjs', out], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the program does not build: ${stderr}`);
  });
  afterAll(() => {
    rmSync(out, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder: () => folder,
    program: () => join(out, 'main.js'),
    gmoe: (args, env = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [join(out, 'main.js'), ...args], {
          env: { ...process.env, MLFLOW_TRACKING_URI: '', NO_COLOR: '1', ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
        child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, stdout, stderr }));
      }),
  };
}

/**
 * Runs a command within the test's own process: the same code without a second for starting Node. For commands that
 * take no signal and start no process.
 */
export async function gmoeHere(args: readonly string[]): Promise<GmoeResult> {
  const taken = { stdout: '', stderr: '' };
  const take = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      taken[stream] += String(text);
      return true;
    });
  const spies = [take('stdout'), take('stderr')];
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await createProgram().parseAsync(['node', 'gmoe', ...args]);
    return { code: Number(process.exitCode ?? 0), ...taken };
  } catch (error) {
    const code = reportError(error, false);
    return { code, ...taken };
  } finally {
    process.exitCode = before;
    spies.forEach((spy) => spy.mockRestore());
  }
}
