import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sentencePieceTokenizer, type Piece } from '../conversion/sentencepiece.js';
import { createTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { trainBpe } from '../tokenizer/train-bpe.js';
import { createTextStream } from './text-stream.js';

const byteLevel = createTokenizer(
  trainBpe(['the cat sat on the mat, the other cat sat too'], { vocabSize: 290, specialTokens: ['<s>'] }),
  { bos_token: '<s>' },
);
const pieces: Piece[] = [
  { text: '<unk>', score: 0, kind: 'unknown' },
  { text: '<s>', score: 0, kind: 'control' },
  { text: '</s>', score: 0, kind: 'control' },
  ...Array.from({ length: 256 }, (_, byte): Piece => ({
    text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
    score: 0,
    kind: 'byte',
  })),
  ...['▁t', 'he', '▁the', 'at', '▁c', '▁cat', ...'▁abcdehnorst'].map((text, i): Piece => ({
    text,
    score: -i,
    kind: 'normal',
  })),
];
const sentencePiece = sentencePieceTokenizer(pieces, 'test');

describe.each<[string, Tokenizer]>([
  ['byte-level BPE', byteLevel],
  ['SentencePiece with bytes', sentencePiece],
])('%s', (_, tokenizer) => {
  const whole = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecial: true });

  it('the pieces joined are the text of all tokens at once, and no piece ends in half a character', async () => {
    const text = fc.array(fc.constantFrom('the cat', ' ', 'sat', 'ü', '🙂', '€', '\n', 'x', '字', ' the'), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(text, fc.nat(40), async (parts, cut) => {
        const ids = Array.from(await tokenizer.encode(parts.join(''), { addSpecial: true }));
        const prompt = ids.slice(0, 1 + (cut % ids.length));
        // A prompt is a text: it never ends within a character.
        fc.pre(!whole(prompt).endsWith('\ufffd'));
        const stream = createTextStream(tokenizer, prompt);
        const pieces = ids.slice(prompt.length).map((id) => stream.push(id));
        for (const piece of pieces) expect(piece).not.toContain('\ufffd');
        expect(pieces.join('') + stream.end()).toBe(whole(ids).slice(whole(prompt).length));
      }),
      { numRuns: 300 },
    );
  });

  it('an unfinished character comes at the end, as U+FFFD', async () => {
    const [alone, both] = await tokenizer.encodeAll(['a', 'a🙂']);
    const stream = createTextStream(tokenizer, alone!);
    const first = both![alone!.length];
    expect(stream.push(first!)).toBe('');
    expect(stream.end()).toBe('\ufffd');
  });
});
