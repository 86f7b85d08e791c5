import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { jsonMutations, mutations } from '@gmoe/core/testing';
import { SPLITS, taskKind } from '@gmoe/datasets';
import { families } from '@gmoe/families';
import { convertGguf, loadModel, loadTokenizer } from '@gmoe/model';
import { ggufBytes, tinyGguf } from '@gmoe/model/testing';
import { loadAdaptedModel } from '@gmoe/trial';
import { expect } from 'vitest';
import { components } from '../components.js';
import { peftGoldens, writeLetterModel } from './letter-model.js';
import { writeTokenizer } from './tokenizer-files.js';

/** The slowest that one damaged input may be, ms. */
const SLOWEST = 10_000;
/** The most memory that one may take beyond what the process had, bytes. */
const MOST = 2 ** 30;

interface Fuzzed {
  readonly from: (folder: string) => unknown;
  readonly file: string;
  readonly read: (folder: string) => Promise<void>;
  /** Whether values are damaged, and the file stays JSON. */
  readonly json?: boolean;
}

/** Whose damage is looked at, and what reads it. */
export const FUZZED = {
  'weights (safetensors)': { from: writeLetterModel, file: 'model.safetensors', read: readModel },
  'config of a model': { from: writeLetterModel, file: 'config.json', read: readModel },
  'weights of an adapter': { from: writeAdapter, file: 'adapter/adapter_model.safetensors', read: readAdapter },
  'config of an adapter': { from: writeAdapter, file: 'adapter/adapter_config.json', read: readAdapter },
  'values of a model’s config': { from: writeLetterModel, file: 'config.json', read: readModel, json: true },
  'values of an adapter’s config': {
    from: writeAdapter,
    file: 'adapter/adapter_config.json',
    read: readAdapter,
    json: true,
  },
  tokenizer: { from: writeTokenizer('BPE'), file: 'tokenizer.json', read: readTokenizer },
  'values of a BPE tokenizer': { from: writeTokenizer('BPE'), file: 'tokenizer.json', read: readTokenizer, json: true },
  'values of a Unigram tokenizer': {
    from: writeTokenizer('Unigram'),
    file: 'tokenizer.json',
    read: readTokenizer,
    json: true,
  },
  'values of a WordPiece tokenizer': {
    from: writeTokenizer('WordPiece'),
    file: 'tokenizer.json',
    read: readTokenizer,
    json: true,
  },
  GGUF: { from: writeGguf, file: 'model.gguf', read: readGguf },
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
/** Small vocabularies hide less of the file from the damage. */
function writeGguf(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { metadata, tensors } = tinyGguf();
  writeFileSync(join(folder, 'model.gguf'), ggufBytes(metadata, tensors));
}
async function readGguf(folder: string): Promise<void> {
  const out = join(folder, 'out');
  rmSync(out, { recursive: true, force: true });
  await convertGguf(join(folder, 'model.gguf'), out);
  await loadModel(out, families);
}
async function readTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  const texts = ['some text, Some  Text\n\n12345 <s>x</s>', '', 'é漢字🙂\ud800', 'a'.repeat(500)];
  const [all] = [await tokenizer.encodeAll(texts, { addSpecial: true })];
  for (const ids of all) tokenizer.decode(ids);
  await tokenizer.encodeAll(texts, { specialAsText: true });
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
  const { from, file, read, json = false }: Fuzzed = FUZZED[kind];
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-fuzz-'));
  try {
    from(join(folder, 'one'));
    const path = join(folder, 'one', file);
    await read(join(folder, 'one'));
    const before = process.memoryUsage.rss();
    const original = readFileSync(path);
    const damaged = json
      ? jsonMutations(JSON.parse(original.toString('utf8')), count, seed)
      : mutations(original, count, seed);
    for (const bytes of damaged) {
      writeFileSync(path, bytes);
      try {
        await survives(read, join(folder, 'one'), before);
      } catch (cause) {
        const kept = join(tmpdir(), `gmoe-damaged-${seed}.bin`);
        writeFileSync(kept, bytes);
        throw new Error(`a damaged ${kind}, kept as ${kept}`, { cause });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads it, or is refused in one line. */
async function survives(read: Fuzzed['read'], folder: string, before: number): Promise<void> {
  const started = performance.now();
  try {
    await read(folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.toContain('\n');
  }
  expect(performance.now() - started).toBeLessThan(SLOWEST);
  expect(process.memoryUsage.rss() - before).toBeLessThan(MOST);
}
