import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readSentencePieceModel, sentencePieceTokenizer } from '../conversion/sentencepiece.js';
import { QWEN_PATTERN, tiktokenJson } from '../conversion/tiktoken.js';
import { testingPath } from '../testing/golden-model.js';
import { sharedFile } from '../testing/shared-data.js';
import { createTokenizer, loadTokenizer, type Tokenizer } from './tokenizer.js';

/** As tools/goldens/tokens.py writes it. */
interface Golden {
  readonly strings: readonly string[];
  readonly made: Readonly<Record<string, object>>;
  /** By tokenizer: a hash of every ten strings' ids and text. */
  readonly expected: Readonly<Record<string, readonly string[]>>;
}

const golden = JSON.parse(gunzipSync(await readFile(testingPath('tokens/golden.json.gz'))).toString()) as Golden;

const CHUNK = 10;

type Row = readonly [ids: readonly number[], decoded: string];

/** The strings whose ids or text are others than Python has. */
async function differing(
  name: string,
  tokenizer: Tokenizer,
  adapt: (row: Row, text: string) => Row = (row) => row,
  strings: readonly string[] = golden.strings,
): Promise<string[]> {
  const ids = await tokenizer.encodeAll(strings);
  const rows = strings.map((text, i): Row => adapt([Array.from(ids[i]!), tokenizer.decode(ids[i]!)], text));
  return golden.expected[name]!.flatMap((hash, chunk) => {
    const part = JSON.stringify(rows.slice(CHUNK * chunk, CHUNK * (chunk + 1)));
    const found = createHash('sha256').update(part).digest('hex').slice(0, 8);
    return found === hash ? [] : strings.slice(CHUNK * chunk, CHUNK * (chunk + 1));
  });
}

describe('3,000 odd strings have the ids and the text that Hugging Face tokenizers give them', () => {
  it('there are 3,000, and tokenizers of all kinds', () => {
    expect(golden.strings.length).toBe(3000);
    expect(Object.keys(golden.made).length).toBeGreaterThanOrEqual(12);
  });

  it.each(Object.keys(golden.made))('made up: %s', async (name) => {
    expect(await differing(name, createTokenizer(golden.made[name]))).toEqual([]);
  });

  it('openstax-2m', async () => {
    expect(await differing('openstax-2m', await loadTokenizer(resolve('models/openstax-2m')))).toEqual([]);
  });

  it.each(['gpt2', 'minimind'])('%s', async (name) => {
    const path = sharedFile(`tokenizers/${name}/tokenizer.json`);
    if (path) expect(await differing(name, createTokenizer(JSON.parse(await readFile(path, 'utf8'))))).toEqual([]);
  });

  it('llama2, by SentencePiece itself', async () => {
    const path = sharedFile('tokenizers/llama2/tokenizer.model');
    if (!path) return;
    const tokenizer = sentencePieceTokenizer(await readSentencePieceModel(path), path);
    // SentencePiece knows no special tokens in a text.
    const special = /<s>|<\/s>|<unk>|<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>|\[CLS\]|\[SEP\]|\[MASK\]|<pad>/;
    const adapt = ([ids]: Row, text: string): Row => [special.test(text) ? [] : ids, ''];
    expect(await differing('llama2', tokenizer, adapt)).toEqual([]);
  });

  it('Qwen, by tiktoken', async () => {
    const path = sharedFile('tokenizers/qwen/qwen.tiktoken');
    if (!path) return;
    const added = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
    const json = tiktokenJson(await readFile(path, 'utf8'), QWEN_PATTERN, added, { type: 'NFC' });
    expect(await differing('qwen', createTokenizer(json))).toEqual([]);
  });
});
