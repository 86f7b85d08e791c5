import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const GOLDENS = 'libs/adapters/core/src/testing/peft';

/** The base and the adapters that tools/goldens/peft_roundtrip.py made with transformers and PEFT. */
export const peftGoldens = {
  base: join(GOLDENS, 'base'),
  /** Written by PEFT. */
  adapter: join(GOLDENS, 'theirs'),
  /** PEFT's logits of `adapter`: ids [2, 7], logits [2, 7, 19]. */
  logits: join(GOLDENS, 'theirs.safetensors'),
};

const LETTERS = 'abcdefghijklmnopqrs';

/** Copies that base model to `dir`, with a tokenizer that takes the letters a..s for its 19 tokens. */
export function writeLetterModel(dir: string): string {
  cpSync(peftGoldens.base, dir, { recursive: true });
  const vocab = Object.fromEntries(Array.from(LETTERS, (letter, id) => [letter, id]));
  writeFileSync(
    join(dir, 'tokenizer.json'),
    JSON.stringify({ decoder: { type: 'Fuse' }, model: { type: 'BPE', vocab, merges: [] } }),
  );
  return dir;
}

export const lettersOf = (ids: Iterable<number>): string => Array.from(ids, (id) => LETTERS[id]).join('');
