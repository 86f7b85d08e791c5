import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { driveErrors, MACHINE_ERRORS } from '../testing/errno-drive.js';

it('an error of the machine at any file operation of an attempt fails no trial', async () => {
  // In memory: hundreds of stores are synced.
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gmoe-errno-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const { operations, reached } = await driveErrors(root, (n) => [MACHINE_ERRORS[n % MACHINE_ERRORS.length]!]);
  expect(operations).toBeGreaterThan(60);
  expect(reached).toBeGreaterThan(operations / 2);
});
