import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testingPath } from '../testing/golden-model.js';
import { createTokenizer } from './tokenizer.js';
import { trainBpe } from './train-bpe.js';

describe('trainBpe', async () => {
  const corpus = await readFile(testingPath('corpus.txt'), 'utf8');

  it('learns the vocabulary and merges of Hugging Face tokenizers', async () => {
    const golden = JSON.parse(await readFile(testingPath('bpe.json'), 'utf8'));
    const { vocabSize, specialTokens, minFrequency } = golden;
    const json = trainBpe([corpus], { vocabSize, specialTokens, minFrequency });
    expect(json.model.merges).toEqual(golden.merges);
    expect(json.model.vocab).toEqual(golden.vocab);
    expect(Array.from(await createTokenizer(json).encode(golden.sample))).toEqual(golden.ids);
  });

  it('gives any text back', async () => {
    const tokenizer = createTokenizer(trainBpe([corpus], { vocabSize: 400 }));
    const text = fc.oneof(
      fc
        .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 60 })
        .map((points) => String.fromCodePoint(...points)),
      fc
        .array(fc.constantFrom(' ', '\n', '\t', 'the', "'s", '12', '!?', 'é', '🙂', '\u00a0'))
        .map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        // Lone surrogates have no UTF-8 form.
        const whole = Buffer.from(value).toString();
        return tokenizer.decode(await tokenizer.encode(whole)) === whole;
      }),
      { numRuns: 100 },
    );
  });

  it('merges runs of one letter from the left, and stops where no pair is frequent enough', async () => {
    const json = trainBpe(['aaaaa aaaaa'], { vocabSize: 300, specialTokens: [], minFrequency: 2 });
    // Words aaaaa, Ġaaaaa: aa 8x (overlaps counted), then aa+aa and so on, until no pair occurs twice.
    expect(json.model.merges[0]).toEqual(['a', 'a']);
    expect(Object.keys(json.model.vocab).length).toBeLessThan(265);
    const tokenizer = createTokenizer(json);
    expect(tokenizer.decode(await tokenizer.encode('aaaaaaa'))).toBe('aaaaaaa');
  });

  it('does not depend on how the corpus is cut between words, and refuses bad options', () => {
    const [first, ...rest] = corpus.split(/(?=\n\n)/);
    expect(trainBpe([first!, ...rest], { vocabSize: 320 })).toEqual(trainBpe([corpus], { vocabSize: 320 }));
    expect(() => trainBpe([], { vocabSize: 100 })).toThrow(/bpe: vocabSize/);
    expect(() => trainBpe([], { vocabSize: 257, specialTokens: ['<a>', '<b>'] })).toThrow(/need 258/);
    expect(() => trainBpe([], { specialTokens: ['<a>', '<a>'] })).toThrow(/holds one token twice/);
  });
});
