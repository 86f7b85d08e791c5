import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertGguf, decoderHidden, decoderLogits, loadModel, type DecoderBatch, type Weights } from '@gmoe/model';
import { createEngine, type Engine } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { families } from './index.js';
import { batchOf } from './testing/golden.js';

/** What tools/goldens/gguf_families.py wrote for one file. */
interface Expected {
  readonly architecture: string;
  readonly ids: number[];
  /** All logits of the first tokens. */
  readonly short: number[];
  /** Logits of the last positions of all tokens. */
  readonly long: number[];
}

const GOLDENS = fileURLToPath(new URL('gguf-goldens', import.meta.url));
const names = readdirSync(GOLDENS)
  .filter((name) => name.endsWith('.gguf'))
  .map((name) => name.replace('.gguf', ''))
  .sort();

let engine: Engine;
let root: string;
beforeAll(async () => {
  engine = await createEngine({ engine: 'compiled' });
  root = await mkdtemp(join(tmpdir(), 'gmoe-gguf-'));
});
afterAll(async () => {
  await engine.dispose();
  await rm(root, { recursive: true });
});

it.each(names)('a GGUF file of %s, as the gguf package writes it, has the logits of transformers', async (name) => {
  const expected = JSON.parse(await readFile(join(GOLDENS, `${name}.json`), 'utf8')) as Expected;
  const folder = join(root, name);
  expect(await convertGguf(join(GOLDENS, `${name}.gguf`), folder)).toEqual({ architecture: expected.architecture });
  const { config, weights, tokenizer } = await loadModel(folder, families);
  const program = engine.jit(
    (w: Weights, batch: DecoderBatch) => decoderLogits(config, w, decoderHidden(config, w, batch)),
    { name, frozen: weights },
  );
  const whole = await program(batchOf(expected.ids));
  expect(relativeError(whole.data.slice(-expected.long.length), expected.long)).toBeLessThan(1e-5);
  // Frequencies that go by the sequence's length differ for the beginning alone.
  const short = name.endsWith('longrope')
    ? await program(batchOf(expected.ids.slice(0, expected.short.length / config.vocabSize)))
    : whole;
  expect(relativeError(short.data.slice(0, expected.short.length), expected.short)).toBeLessThan(1e-5);
  expect(tokenizer.decode(await tokenizer.encode('in the thing'))).toBe('in the thing');
});
