import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tryLock } from './file-lock.js';
import { isAlive, ownIdentity } from '@gmoe/core';

const root = mkdtempSync(join(tmpdir(), 'spool-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('has one holder', () => {
  const file = join(root, 'a.lock');
  const lock = tryLock(file)!;
  expect(tryLock(file)).toBeUndefined();
  lock.release();
  expect(existsSync(file)).toBe(false);
  tryLock(file)!.release();
});

it('is taken over from a dead process at once, by one only', () => {
  const file = join(root, 'b.lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const dead = { ...ownIdentity(), pid, started: '1' };
  expect(isAlive(dead)).toBe(false);
  writeFileSync(file, JSON.stringify(dead));
  const taken = [tryLock(file), tryLock(file), tryLock(file)];
  expect(taken.map((lock) => lock !== undefined)).toEqual([true, false, false]);
});

it('knows a reused process number by its start', () => {
  expect(isAlive(ownIdentity())).toBe(true);
  if (ownIdentity().started !== '') expect(isAlive({ ...ownIdentity(), started: '1' })).toBe(false);
});

it('is taken over from another machine only when not renewed', () => {
  const file = join(root, 'c.lock');
  writeFileSync(file, JSON.stringify({ host: 'elsewhere', pid: 1, start: '' }));
  expect(tryLock(file)).toBeUndefined();
  const old = new Date(Date.now() - 61_000);
  utimesSync(file, old, old);
  expect(tryLock(file)).toBeDefined();
});

it('is taken over where the lock file is garbage', () => {
  const file = join(root, 'd.lock');
  writeFileSync(file, '{"host"');
  expect(tryLock(file)).toBeDefined();
});
