import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { mutations } from '@gmoe/core/testing';
import { SPLITS, taskKind } from '@gmoe/datasets';
import { families } from '@gmoe/families';
import { loadModel } from '@gmoe/model';
import { loadAdaptedModel } from '@gmoe/trial';
import { expect } from 'vitest';
import { components } from '../components.js';
import { peftGoldens, writeLetterModel } from './letter-model.js';

/** The slowest that one damaged input may be, ms. */
const SLOWEST = 10_000;
/** The most memory that one may take beyond what the process had, bytes. */
const MOST = 2 ** 30;

/** Whose damage is looked at, and what reads it. */
export const FUZZED = {
  'weights (safetensors)': { from: writeLetterModel, file: 'model.safetensors', read: readModel },
  'config of a model': { from: writeLetterModel, file: 'config.json', read: readModel },
  'weights of an adapter': { from: writeAdapter, file: 'adapter/adapter_model.safetensors', read: readAdapter },
  'config of an adapter': { from: writeAdapter, file: 'adapter/adapter_config.json', read: readAdapter },
  CSV: { from: (folder: string) => writeRows(folder, 'rows.csv', CSV), file: 'rows.csv', read: readRows('rows.csv') },
  'JSON lines': {
    from: (folder: string) => writeRows(folder, 'rows.jsonl', JSONL),
    file: 'rows.jsonl',
    read: readRows('rows.jsonl'),
  },
  parquet: { from: copyParquet, file: 'rows.parquet', read: readRows('rows.parquet', { answer: 'answerKey' }) },
} as const;

const CSV = `question,choices,answer\n${Array.from({ length: 12 }, (_, i) => `"what, ${i}?","[""x"", ""y ${i}""]",${'AB'[i % 2]}\n`).join('')}`;
const JSONL = Array.from(
  { length: 12 },
  (_, i) => `${JSON.stringify({ question: `what ${i}?`, choices: ['x', `y ${i}`], answer: 'AB'[i % 2] })}\n`,
).join('');

function writeRows(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}
function copyParquet(folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync('libs/datasets/src/testing/questions.parquet', join(folder, 'rows.parquet'));
}
function writeAdapter(folder: string): void {
  writeLetterModel(join(folder, 'base'));
  cpSync(peftGoldens.adapter, join(folder, 'adapter'), { recursive: true });
}
async function readModel(folder: string): Promise<void> {
  await loadModel(folder, families);
}
async function readAdapter(folder: string): Promise<void> {
  await loadAdaptedModel({ base: join(folder, 'base'), adapter: join(folder, 'adapter') }, components);
}
function readRows(trainFile: string, columns = {}) {
  return async (dataDir: string): Promise<void> => {
    const choice = components.resolveChoice(taskKind, { id: 'multiple-choice', dataDir, trainFile, columns });
    const task = components.build(taskKind, choice);
    await task.prepare?.();
    for (const split of SPLITS) task.load(split);
  };
}

/** Damages one kind of file again and again: it is read, or refused in one line, soon, in little memory. */
export async function fuzz(kind: keyof typeof FUZZED, count: number, seed: number): Promise<void> {
  const { from, file, read } = FUZZED[kind];
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-fuzz-'));
  try {
    from(join(folder, 'one'));
    const path = join(folder, 'one', file);
    await read(join(folder, 'one'));
    const before = process.memoryUsage.rss();
    for (const bytes of mutations(readFileSync(path), count, seed)) {
      writeFileSync(path, bytes);
      const started = performance.now();
      try {
        await read(join(folder, 'one'));
      } catch (error) {
        if (!(error instanceof UserError)) {
          const kept = join(tmpdir(), `gmoe-fuzz-${seed}.bin`);
          writeFileSync(kept, bytes);
          throw new Error(`an internal error on a damaged ${kind}, kept as ${kept}`, { cause: error });
        }
        expect(error.message).not.toContain('\n');
      }
      expect(performance.now() - started).toBeLessThan(SLOWEST);
      expect(process.memoryUsage.rss() - before).toBeLessThan(MOST);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
