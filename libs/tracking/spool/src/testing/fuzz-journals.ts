import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { mutations } from '@gmoe/core/testing';
import { MlflowClient } from 'mlflow-js-client';
import { FakeMlflow } from 'mlflow-js-client/testing';
import { expect, onTestFinished } from 'vitest';
import { openSpool, syncDirectory } from '../index.js';

/** The slowest that one damaged input may be, ms. */
const SLOWEST = 10_000;
/** The most memory that one may take beyond what the process had, bytes. */
const MOST = 2 ** 30;
const ID = 'a-run-of-its-own';

/** Two runs, one of them of the other: params, tags, points, a file, a text, an end. */
function record(folder: string): void {
  const spool = openSpool(folder, { fsyncMs: null });
  const parent = spool.run({ id: 'the-parent-of-all', experiment: 'fuzz', name: 'parent' });
  const run = spool.run({ id: ID, experiment: 'fuzz', name: 'one', parent: 'the-parent-of-all' });
  run.params({ 'optimizer.learningRate': 1e-3, base: 'm0' });
  run.tags({ arm: 'linear', 'mlflow.note.content': 'text with "quotes"' });
  for (let step = 1; step <= 6; step++) run.metrics(step, { 'train/loss': 1 / step, 'eval/nan': NaN });
  writeFileSync(join(folder, 'summary.txt'), 'what came out\n');
  run.artifact('summary.txt', join(folder, 'summary.txt'));
  run.end('FINISHED');
  parent.end('FINISHED');
}

/** Damages journals, and what is remembered of their uploads, and uploads them: what can be read arrives, and nothing throws. */
export async function fuzzJournals(count: number, seed: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'gmoe-fuzz-journals-'));
  const fake = await FakeMlflow.start();
  onTestFinished(async () => {
    await fake.stop();
    rmSync(root, { recursive: true, force: true });
  });
  const client = new MlflowClient({ trackingUri: fake.url, retry: { retries: 0 } });
  const whole = join(root, 'whole');
  mkdirSync(whole);
  record(whole);
  const once = { verify: true, intervalMs: 1, patienceMs: 0 };
  expect((await syncDirectory(whole, client, once)).complete).toBe(true);
  const files = readdirSync(whole, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(jsonl|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThanOrEqual(4);
  const before = process.memoryUsage.rss();
  for (const [index, path] of files.entries()) {
    const original = readFileSync(path);
    for (const bytes of mutations(original, count, seed + index)) {
      writeFileSync(path, bytes);
      const started = performance.now();
      try {
        const report = await syncDirectory(whole, client, once);
        for (const { error } of report.runs) expect(error ?? '').not.toContain('\n');
        // A process that goes on with the run after a crash.
        openSpool(whole, { fsyncMs: null })
          .run({ id: ID, experiment: 'fuzz', name: 'one' })
          .metrics(7, { 'train/loss': 0 });
      } catch (error) {
        if (!(error instanceof UserError)) {
          throw new Error(`an internal error on ${path}: ${JSON.stringify(bytes.toString('latin1'))}`, {
            cause: error,
          });
        }
        expect(error.message).not.toContain('\n');
      }
      expect(performance.now() - started).toBeLessThan(SLOWEST);
      expect(process.memoryUsage.rss() - before).toBeLessThan(MOST);
      writeFileSync(path, original);
    }
  }
}
