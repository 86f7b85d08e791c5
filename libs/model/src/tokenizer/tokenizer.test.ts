import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSentencePieceModel, sentencePieceTokenizer } from '../conversion/sentencepiece.js';
import { sharedFile } from '../testing/shared-data.js';
import { QWEN_PATTERN, tiktokenJson } from '../conversion/tiktoken.js';
import { createTokenizer, loadTokenizer, type Tokenizer } from './tokenizer.js';
import { trainBpe } from './train-bpe.js';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly ids: number[];
  readonly decoded: string;
}

const expectedFile = sharedFile('tokenizers/expected.json');

describe.skipIf(!expectedFile)('reference cases of transformers.js', () => {
  const tokenizers: Record<string, () => Promise<Tokenizer>> = {
    'Xenova/gpt2': () => loadTokenizer(dirname(sharedFile('tokenizers/gpt2/tokenizer.json')!)),
    'Xenova/llama-tokenizer': async () => {
      const path = sharedFile('tokenizers/llama2/tokenizer.model')!;
      return sentencePieceTokenizer(await readSentencePieceModel(path), path);
    },
    'Xenova/Qwen1.5-0.5B-Chat': async () =>
      createTokenizer(
        tiktokenJson(
          await readFile(sharedFile('tokenizers/qwen/qwen.tiktoken')!, 'utf8'),
          QWEN_PATTERN,
          ['<|endoftext|>', '<|im_start|>', '<|im_end|>'],
          { type: 'NFC' },
        ),
      ),
  };

  it.each(Object.entries(tokenizers))('%s: the same ids, and text back', async (name, load) => {
    const tokenizer = await load();
    const cases = (JSON.parse(await readFile(expectedFile!, 'utf8')) as Record<string, Case[]>)[name]!;
    expect(cases.length).toBeGreaterThan(10);
    for (const { name: label, text, ids } of cases) {
      expect(Array.from(await tokenizer.encode(text, { addSpecial: true })), label).toEqual(ids);
      // SentencePiece writes a space as ▁ and cannot tell the two apart.
      const plain = name === 'Xenova/llama-tokenizer' ? text.replaceAll('▁', ' ') : text;
      expect(tokenizer.decode(await tokenizer.encode(text)), label).toBe(plain);
    }
  });
});

describe('tokenizer', () => {
  const json = trainBpe(['the cat sat on the mat, the cat sat'], { vocabSize: 264, specialTokens: ['<s>', '</s>'] });

  it('adds special tokens only when asked, and knows them in the text', async () => {
    const tokenizer = createTokenizer(json, { bos_token: '<s>', eos_token: { content: '</s>' }, add_bos_token: true });
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 1, vocabSize: 264 });
    expect(tokenizer.padId).toBeUndefined();
    const plain = Array.from(await tokenizer.encode('the cat'));
    expect(plain).not.toContain(0);
    expect(Array.from(await tokenizer.encode('the cat', { addSpecial: true }))).toEqual([0, ...plain]);
    expect(Array.from(await tokenizer.encode('the cat</s>'))).toEqual([...plain, 1]);
    expect(tokenizer.decode([0, ...plain, 1])).toBe('<s>the cat</s>');
    expect(tokenizer.decode([0, ...plain, 1], { skipSpecial: true })).toBe('the cat');
    expect(tokenizer.decode([])).toBe('');
    expect(await tokenizer.encode('')).toHaveLength(0);
    expect(tokenizer.tokenId('Ġthe')).toBe((await tokenizer.encode(' the'))[0]);
    expect(tokenizer.tokenText((await tokenizer.encode(' the'))[0]!)).toBe('Ġthe');
    expect(tokenizer.tokenId('zebra')).toBeUndefined();
  });

  it('ids beyond its tokens, as rows that pad an embedding have, are nothing, also where no token stands for the unknown', () => {
    // As SentencePiece models are written: ▁ for a space, bytes for the rest, `unk_token: null`.
    const space = { pattern: { String: ' ' }, content: '▁' };
    const spm = createTokenizer({
      model: { type: 'BPE', vocab: { '▁': 0, a: 1, b: 2, '▁a': 3 }, merges: [['▁', 'a']], unk_token: null },
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', ...space },
        ],
      },
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
    });
    expect(spm.decode([3, 0, 2, 63, 1, 4, 2 ** 31])).toBe('a ba');
    expect(spm.decode([63])).toBe('');
    expect(spm.tokenText(63)).toBeUndefined();
    expect(createTokenizer(json).decode([999])).toBe('');
  });

  it('takes special tokens for text where that is asked, in the pieces that the text has', async () => {
    const tokenizer = createTokenizer(json, { bos_token: '<s>', add_bos_token: true });
    const text = 'the cat</s><s> sat';
    expect(Array.from(await tokenizer.encode(text)).filter((id) => id < 2)).toEqual([1, 0]);
    const plain = await tokenizer.encode(text, { specialAsText: true });
    expect(plain.every((id) => id > 1)).toBe(true);
    expect(tokenizer.decode(plain)).toBe(text);
    expect(tokenizer.specialTokens).toEqual(['<s>', '</s>']);
    expect(await tokenizer.encode('the cat', { specialAsText: true })).toEqual(await tokenizer.encode('the cat'));
  });

  it('puts before a text what its files say: the template, or add_bos_token where there is none', async () => {
    const starts = (template: boolean, config: object) => {
      const single = [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
      const post_processor = template
        ? {
            type: 'TemplateProcessing',
            single,
            pair: single,
            special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
          }
        : null;
      return createTokenizer({ ...json, post_processor }, { bos_token: '<s>', eos_token: '</s>', ...config }).startIds;
    };
    expect(starts(true, {})).toEqual([0]);
    expect(starts(true, { add_bos_token: true })).toEqual([0]);
    // transformers 5 goes by the template alone.
    expect(starts(true, { add_bos_token: false })).toEqual([0]);
    // Qwen, SmolLM and Yi name a BOS that they do not use.
    expect(starts(false, {})).toEqual([]);
    expect(starts(false, { add_bos_token: true })).toEqual([0]);
    const ends = createTokenizer(json, { eos_token: '</s>', add_eos_token: true });
    expect(ends.startIds).toEqual([]);
    expect((await ends.encode('the', { addSpecial: true })).at(-1)).toBe(1);
  });

  it('refuses what it cannot read, in one line that names the file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gmoe-tokenizer-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    await expect(loadTokenizer(dir)).rejects.toThrow(/tokenizer\.json: no such file/);
    await writeFile(join(dir, 'tokenizer.model'), '');
    await expect(loadTokenizer(dir)).rejects.toThrow(
      /; tokenizer\.model alone is not read: write it with AutoTokenizer/,
    );
    await writeFile(join(dir, 'tokenizer.json'), '{"model":');
    await expect(loadTokenizer(dir)).rejects.toThrow(/tokenizer\.json: is not JSON/);
    await writeFile(join(dir, 'tokenizer.json'), JSON.stringify({ model: { type: 'Odd', vocab: {}, merges: [] } }));
    await expect(loadTokenizer(dir)).rejects.toThrow(/^\S+tokenizer\.json: [^\n]+$/);
    const odd = { ...json, pre_tokenizer: { type: 'Odd' } };
    expect(() => createTokenizer(odd)).toThrow(
      'tokenizer.json: pre_tokenizer: is not read: data did not match any variant',
    );
    const lossy = { ...json, model: { ...json.model, dropout: 0.1 } };
    expect(() => createTokenizer(lossy)).toThrow(/model\.dropout: merges that are left out at random .*\(got 0\.1\)/);
    const gap = { ...json, model: { ...json.model, merges: [['q', 'zz'] as [string, string]] } };
    expect(() => createTokenizer(gap)).toThrow(/^tokenizer\.json: .*out of vocabulary/);
  });

  it('adds what tokenizer_config.json adds, as transformers does', async () => {
    const word = { content: 'dog', single_word: true, lstrip: false, rstrip: false, normalized: false, special: false };
    const added = createTokenizer(json, {
      bos_token: '<bos>',
      pad_token: '</s>',
      additional_special_tokens: ['<|im_start|>'],
      added_tokens_decoder: { 264: word, 1: { ...word, content: '</s>', lstrip: true, special: true } },
    });
    // transformers 5.24: AutoTokenizer of the same two files.
    expect(added.tokenId('dog')).toBe(264);
    expect(added.bosId).toBe(265);
    expect(added.tokenId('<|im_start|>')).toBe(266);
    expect(added).toMatchObject({ padId: 1, vocabSize: 267 });
    const ids = Array.from(await added.encode('dog dogma <|im_start|>dog  </s>'));
    expect(ids.filter((id) => id >= 264)).toEqual([264, 266, 264]);
    // The spaces before </s> belong to it.
    expect(ids.slice(-3)).toEqual([266, 264, 1]);
  });

  it('takes special tokens for text also beside other added tokens, which keep their ids', async () => {
    const word = {
      content: 'dog',
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: false,
    };
    const special = { ...word, id: 264, content: '<|im_end|>', special: true };
    const added_tokens = [...json.added_tokens!, special, { ...word, id: 265 }];
    // transformers 5.24 with split_special_tokens.
    const expected = [260, 29, 16, 84, 31, 222, 265, 29, 93, 74, 78, 64, 70, 79, 69, 93, 31];
    const texts = ['the</s> dog<|im_end|>'];
    for (const [config, options] of [
      [{}, { specialAsText: true }],
      [{ split_special_tokens: true }, {}],
    ] as const) {
      const tokenizer = createTokenizer({ ...json, added_tokens }, config);
      const [ids] = await tokenizer.encodeAll(texts, options);
      expect(Array.from(ids!)).toEqual(expected);
      expect(tokenizer.decode(ids!)).toBe(texts[0]);
    }
  });

  it('knows the token to pad with of the section on padding, and tokens that a model names for itself', async () => {
    const padding = { strategy: 'BatchLongest', direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '<pad>' };
    // transformers 5.24: AutoTokenizer of the same two files.
    const tokenizer = createTokenizer(
      { ...json, padding },
      { image_token: '<image>', extra_special_tokens: { audio_token: '<audio>' } },
    );
    expect(tokenizer).toMatchObject({ padId: 264, vocabSize: 267 });
    expect(Array.from(await tokenizer.encode('<pad><image><audio>'))).toEqual([264, 265, 266]);
    expect(createTokenizer({ ...json, padding }, { pad_token: '</s>' }).padId).toBe(1);
  });

  it('reads the files of older transformers, where tokenizer_config.json has no added_tokens_decoder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gmoe-tokenizer-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const write = (name: string, content: object) => writeFile(join(dir, name), JSON.stringify(content));
    await write('tokenizer.json', json);
    await write('tokenizer_config.json', { eos_token: '<s>' });
    await write('special_tokens_map.json', { bos_token: '<s>', eos_token: { content: '</s>', lstrip: false } });
    await write('added_tokens.json', { '<late>': 264, '<s>': 0 });
    const older = await loadTokenizer(dir);
    expect(older).toMatchObject({ bosId: 0, eosId: 1, vocabSize: 265 });
    expect(Array.from(await older.encode('<late>'))).toEqual([264]);
    await write('tokenizer_config.json', { eos_token: '<s>', added_tokens_decoder: {} });
    const newer = await loadTokenizer(dir);
    expect(newer).toMatchObject({ eosId: 0, vocabSize: 264 });
    expect(newer.bosId).toBeUndefined();
    await write('added_tokens.json', { '<late>': -1 });
    await write('tokenizer_config.json', {});
    await expect(loadTokenizer(dir)).rejects.toThrow(/added_tokens\.json: <late>: /);
    await write('added_tokens.json', { '<late>': 264 });
    await write('tokenizer.json', { ...json, added_tokens: [{ id: 'one', content: '<s>' }] });
    await expect(loadTokenizer(dir)).rejects.toThrow(/\/tokenizer\.json: added_tokens\.0\.id: /);
  });
});
