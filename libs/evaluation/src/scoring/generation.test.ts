import { createLora, loraSchema } from '@gmoe/adapters-lora';
import type { HostTensor } from '@gmoe/tensor';
import { createEngine, type Engine, tf } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChoiceItem } from '../index.js';
import { config, key, nextLogProbs, weights } from '../contract/tiny-model.js';
import { evaluatorOf } from '../testing/evaluator-of.js';

/** Tokens are words; 16 is the end of a text. */
const WORDS = 'red a The blue, green one two three four five six seven eight nine ten line\nbreak'.split(' ');
const tokenizer = {
  eosId: 16,
  decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => (id === 16 ? '' : ` ${WORDS[id]!}`)).join(''),
};

/** What a greedy decoder writes: the likeliest token after the whole text so far, by the unpacked decoder. */
function greedy(prompt: readonly number[], count: number): number[] {
  const ids = [...prompt];
  while (ids.length < prompt.length + count) {
    const last = nextLogProbs(ids).at(-1)!;
    const id = last.indexOf(Math.max(...last));
    if (id === tokenizer.eosId) break;
    ids.push(id);
  }
  return ids.slice(prompt.length);
}

describe("scoring 'generation' against a naive greedy decoder", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    await tf.setBackend('cpu');
  });
  afterAll(() => engine.dispose());
  const options = { scoring: 'generation', sequenceLength: 16 };
  const none = { trainable: {}, buffers: {} };
  const prompts = Array.from({ length: 24 }, (_, i) =>
    Array.from(
      key
        .fold('prompt')
        .fold(i)
        .words(1 + (i % 12)),
      (word) => word % 16,
    ),
  );
  const item = (id: string, promptIds: readonly number[], optionIds: number[][], gold: number): ChoiceItem => ({
    id,
    promptIds,
    optionIds,
    optionCharacters: optionIds.map(() => 1),
    gold,
  });

  it('finds the written option, and none where none is written', async () => {
    const going = prompts.filter((prompt) => greedy(prompt, 3).length === 3).slice(0, 12);
    expect(going.length).toBeGreaterThan(8);
    const written = going.map((prompt) => greedy(prompt, 3));
    expect(new Set(written.map(String)).size).toBeGreaterThan(3);
    // Option 1 is what is written (its first two tokens), option 0 something else; every third item has neither.
    const items = going.map((prompt, i) => {
      const right = written[i]!.slice(0, 2);
      const wrong = right.map((id) => (id + 1) % 16);
      return i % 3 === 2
        ? item(`n${i}`, prompt, [wrong, [...wrong, 3, 4].slice(0, 3)], 0)
        : item(`y${i}`, prompt, [[...wrong, 5], right], i % 2);
    });
    const { predictions, metrics } = await evaluatorOf(engine, { config, weights, tokenizer }, items, options).evaluate(
      none,
    );
    predictions.forEach((prediction, i) => {
      expect(prediction.predicted).toBe(i % 3 === 2 ? 2 : 1);
      expect(prediction.text).toBe(tokenizer.decode(written[i]!));
      expect(prediction.scores).toEqual(i % 3 === 2 ? [0, 0] : [0, 1]);
    });
    const right = items.filter(({ gold }, i) => i % 3 !== 2 && gold === 1).length;
    expect(metrics['eval/exact_match']).toBeCloseTo(right / items.length, 12);
    expect(metrics['eval/accuracy']).toBe(metrics['eval/exact_match']);
    expect(metrics).not.toHaveProperty('eval/loss');
  });

  it('writes with the adapter it is given', async () => {
    const adapter = createLora(loraSchema.parse({ rank: 2, alpha: 64 }), config);
    const init = adapter.init(key, weights);
    const trainable = Object.fromEntries(
      Object.entries(init.trainable).map(([name, { shape }]) => [name, key.fold(name).normal(shape, 0, 1)]),
    );
    const model = { config, weights, tokenizer, adapter, adapterFrozen: init.frozen };
    const items = prompts.map((prompt, i) =>
      item(
        String(i),
        prompt,
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        0,
      ),
    );
    const evaluator = evaluatorOf(engine, model, items, options);
    const text = async (values: Readonly<Record<string, HostTensor>>) =>
      (await evaluator.evaluate({ trainable: values, buffers: init.state })).predictions.map((each) => each.text);
    const zero = await text(init.trainable);
    // Some end at once, with the token that ends a text.
    expect(zero).toContain('');
    expect(zero).toEqual(prompts.map((prompt) => tokenizer.decode(greedy(prompt, 3))));
    expect(await text(trainable)).not.toEqual(zero);
  });

  it('cuts a long prompt, and refuses a model without a tokenizer', async () => {
    const long = Array.from({ length: 20 }, (_, i) => (i * 5) % 16);
    const items = [item('long', long, [[1], [2, 3]], 0)];
    const { predictions, metrics } = await evaluatorOf(engine, { config, weights, tokenizer }, items, options).evaluate(
      none,
    );
    expect(metrics['eval/truncated']).toBe(1);
    expect(predictions[0]!.text).toBe(tokenizer.decode(greedy(long.slice(-14), 2)));
    expect(() => evaluatorOf(engine, { config, weights }, items, options)).toThrow(/needs the model's tokenizer/);
  });

  it('a text is right where the whole of it is written, up to the token that ends it', async () => {
    const ending = prompts.filter((prompt) => greedy(prompt, 8).length < 8 && greedy(prompt, 8).length > 0);
    const prompt = ending[0] ?? prompts[0]!;
    const answer = greedy(prompt, 4);
    const text = (id: string, ids: readonly number[], reference: string) => ({
      id,
      ids: [...prompt, ...ids],
      start: 0,
      supervised: [{ begin: prompt.length, end: prompt.length + ids.length }],
      reference,
    });
    const given = prompt.length > 1 ? prompt : [...prompt, ...prompt];
    expect(given.length).toBeGreaterThan(1);
    const reference = tokenizer.decode(answer).trim();
    const texts = [text('right', answer, reference.toUpperCase()), text('wrong', answer, `${reference} more`)];
    const section = { ...options, scoring: { id: 'generation', maxTokens: answer.length } };
    const { predictions, metrics } = await evaluatorOf(engine, { config, weights, tokenizer }, texts, section).evaluate(
      none,
    );
    expect(predictions.map(({ correct }) => correct)).toEqual([true, false]);
    expect(predictions[0]!.text).toBe(tokenizer.decode(answer));
    expect(metrics['eval/exact_match']).toBe(0.5);
    const plain = [{ ...texts[0]!, supervised: [{ begin: 1, end: texts[0]!.ids.length }] }];
    expect(() => evaluatorOf(engine, { config, weights, tokenizer }, plain, section)).toThrow(
      /needs a prompt, and example right is learned from its beginning; use perplexity/,
    );
  });
});
