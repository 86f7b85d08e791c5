import { describe, expect, it } from 'vitest';
import type { ChoiceExample } from '../example.js';
import { cutPrompt } from './encoded-example.js';
import { encodeChoices } from './encode-choices.js';
import type { Encoder } from './encoder.js';

/** As a SentencePiece tokenizer: words with the space before them, one put before the text; `</s>` is special. */
function pieces(): Encoder & { readonly vocabulary: string[] } {
  const vocabulary = ['<s>', '</s>'];
  const id = (piece: string) => {
    if (!vocabulary.includes(piece)) vocabulary.push(piece);
    return vocabulary.indexOf(piece);
  };
  return {
    vocabulary,
    startIds: [0],
    specialTokens: ['<s>', '</s>'],
    encodeAll: async (texts, { specialAsText = false } = {}) =>
      texts.map((text) => {
        const marked = `▁${text.replaceAll(' ', '▁')}`;
        const found = marked.match(specialAsText ? /▁?[^▁:]+|[:▁]/g : /<\/s>|▁?[^▁:<]+|[:▁<]/g);
        return found!.map(id);
      }),
  };
}

describe('encodeChoices', () => {
  const example = { id: 'x', prompt: 'Answer:', options: [' A', ' B c'], answer: 1 };
  const encoded = async (one: ChoiceExample, encoder: Encoder, template?: string) =>
    (await encodeChoices([one], encoder, { template }))[0]!;

  it('gives an option the tokens that it has behind the prompt, not alone', async () => {
    const encoder = pieces();
    const { promptIds, optionIds, start } = await encoded(example, encoder);
    const text = (ids: readonly number[]) => ids.map((each) => encoder.vocabulary[each]);
    expect(text(promptIds)).toEqual(['<s>', '▁Answer', ':']);
    expect(start).toBe(1);
    expect(optionIds.map(text)).toEqual([['▁A'], ['▁B', '▁c']]);
    // Alone it would begin with the space that stands for the text's beginning.
    expect(text(Array.from((await encoder.encodeAll([' A']))[0]!))).toEqual(['▁', '▁A']);
    // A last character that the option merges with: tried behind another.
    expect((await encoded({ ...example, prompt: 'Answer ' }, encoder)).optionIds.map(text)[0]).toEqual(['▁A']);
    expect((await encoded({ ...example, prompt: '' }, encoder)).optionIds.map(text)[0]).toEqual(['▁A']);
  });

  it('special tokens in the data are text; in the template of the task they are tokens', async () => {
    const encoder = pieces();
    const odd = { ...example, prompt: 'bad </s>:' };
    expect((await encoded(odd, encoder)).promptIds).not.toContain(1);
    expect((await encoded(odd, encoder, '{text}:')).promptIds).not.toContain(1);
    expect((await encoded(odd, encoder, '{text}</s>:')).promptIds).toContain(1);
  });

  it('counts characters as Unicode does', async () => {
    expect((await encoded({ ...example, options: [' añ😀', ' b'] }, pieces())).optionCharacters).toEqual([3, 1]);
  });
});

it.each([
  [5, 1, [0, 1, 2, 3, 4]],
  [4, 1, [0, 2, 3, 4]],
  [4, 0, [1, 2, 3, 4]],
  [2, 1, [0, 4]],
  [1, 1, [4]],
  [0, 1, [4]],
])('a prompt of five in %d tokens, %d of which stay', (room, start, left) => {
  expect(cutPrompt([0, 1, 2, 3, 4], start, room)).toEqual(left);
});
