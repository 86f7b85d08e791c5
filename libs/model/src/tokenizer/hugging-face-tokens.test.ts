import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSentencePieceModel, sentencePieceTokenizer } from '../conversion/sentencepiece.js';
import { QWEN_PATTERN, tiktokenJson } from '../conversion/tiktoken.js';
import { sharedFile } from '../testing/shared-data.js';
import { differingStrings, tokenGolden as golden, type TokenRow as Row } from '../testing/token-golden.js';
import { createTokenizer, loadTokenizer } from './tokenizer.js';

describe('3,000 odd strings have the ids and the text that Hugging Face tokenizers give them', () => {
  it('there are 3,000, and tokenizers of all kinds', () => {
    expect(golden.strings.length).toBe(3000);
    expect(Object.keys(golden.made).length).toBeGreaterThanOrEqual(12);
  });

  it.each(Object.keys(golden.made))('made up: %s', async (name) => {
    expect(await differingStrings(name, createTokenizer(golden.made[name]))).toEqual([]);
  });

  it('openstax-2m', async () => {
    expect(await differingStrings('openstax-2m', await loadTokenizer(resolve('models/openstax-2m')))).toEqual([]);
  });

  it.each(['gpt2', 'minimind'])('%s', async (name) => {
    const path = sharedFile(`tokenizers/${name}/tokenizer.json`);
    if (path)
      expect(await differingStrings(name, createTokenizer(JSON.parse(await readFile(path, 'utf8'))))).toEqual([]);
  });

  it('llama2, by SentencePiece itself', async () => {
    const path = sharedFile('tokenizers/llama2/tokenizer.model');
    if (!path) return;
    const tokenizer = sentencePieceTokenizer(await readSentencePieceModel(path), path);
    // SentencePiece knows no special tokens in a text.
    const special = /<s>|<\/s>|<unk>|<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>|\[CLS\]|\[SEP\]|\[MASK\]|<pad>/;
    const adapt = ([ids]: Row, text: string): Row => [special.test(text) ? [] : ids, ''];
    expect(await differingStrings('llama2', tokenizer, adapt)).toEqual([]);
  });

  it('Qwen, by tiktoken', async () => {
    const path = sharedFile('tokenizers/qwen/qwen.tiktoken');
    if (!path) return;
    const added = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
    const json = tiktokenJson(await readFile(path, 'utf8'), QWEN_PATTERN, added, { type: 'NFC' });
    expect(await differingStrings('qwen', createTokenizer(json))).toEqual([]);
  });
});
