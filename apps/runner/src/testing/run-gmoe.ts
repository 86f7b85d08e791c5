import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

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
