import { RandomKey } from '@gmoe/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EncodedChoice } from '../encoding/encoded-example.js';
import { trainingBatches, type PackedBatch } from './training-batches.js';

const example = fc
  .record({
    prompt: fc.array(fc.integer({ min: 3, max: 99 }), { minLength: 1, maxLength: 20 }),
    answer: fc.array(fc.integer({ min: 3, max: 99 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ prompt, answer }): Omit<EncodedChoice, 'id'> => ({
    promptIds: [1, ...prompt],
    start: 1,
    optionIds: [[2], answer],
    optionCharacters: [1, 1],
    gold: 1,
  }));
const examples = fc
  .array(example, { minLength: 1, maxLength: 12 })
  .map((list) => list.map((item, i) => ({ ...item, id: String(i) })));

/** The sequences of a batch with their targets, read back from the packed form. */
function unpack({ ids_BS, positions_BS, segments_BS, supervised_N, targets_N, weights_N }: PackedBatch) {
  const [rows, length] = ids_BS.shape as [number, number];
  const targetAt = new Map<number, number>();
  supervised_N.data.forEach((at, n) => weights_N.data[n] === 1 && targetAt.set(at, targets_N.data[n]!));
  const found: { ids: number[]; targets: [number, number][] }[] = [];
  for (let row = 0; row < rows; row++) {
    for (let s = 0; s < length; s++) {
      const at = row * length + s;
      const segment = segments_BS.data[at]!;
      if (segment === 0) continue;
      const position = positions_BS.data[at]!;
      if (position === 0) found.push({ ids: [], targets: [] });
      const current = found.at(-1)!;
      expect(current.ids.length).toBe(position);
      current.ids.push(ids_BS.data[at]!);
      if (targetAt.has(at)) current.targets.push([position, targetAt.get(at)!]);
    }
  }
  return found;
}

const collect = (batches: Iterable<PackedBatch>): PackedBatch[] => [...batches];

describe('trainingBatches', () => {
  const key = RandomKey.fromSeed(3);

  it('holds every example of an epoch once, whole, with its answer as targets', async () => {
    await fc.assert(
      fc.asyncProperty(examples, fc.integer({ min: 1, max: 4 }), async (list, batchSize) => {
        // Enough batches for one whole epoch and nothing more.
        const epochs = batchSize;
        const steps = list.length;
        const options = { batchSize, sequenceLength: 25, targets: 'answer' as const };
        const plan = trainingBatches(list, options, key, steps);
        const found = collect(plan.iterate()).flatMap(unpack);
        const seen = new Map<string, number>();
        for (const { ids, targets } of found) {
          const whole = [...ids, targets.at(-1)![1]];
          const text = whole.join();
          seen.set(text, (seen.get(text) ?? 0) + 1);
          // Every target is the next token, and the last one is the one that the inputs leave out.
          for (const [position, target] of targets) expect(target).toBe(whole[position + 1]);
        }
        const expected = new Map<string, number>();
        for (const { promptIds, optionIds } of list) {
          const text = [...promptIds, ...optionIds[1]!].join();
          expected.set(text, (expected.get(text) ?? 0) + epochs);
        }
        expect(seen).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('continues where it stopped', async () => {
    await fc.assert(
      fc.asyncProperty(examples, fc.integer({ min: 0, max: 6 }), async (list, skip) => {
        const plan = trainingBatches(list, { batchSize: 2, sequenceLength: 30, targets: 'prompt_and_answer' }, key, 7);
        expect(collect(plan.iterate(skip))).toEqual(collect(plan.iterate()).slice(skip));
      }),
      { numRuns: 20 },
    );
  });

  it('marks the tokens of domains that are asked for', () => {
    const of = (id: number, domain?: string): EncodedChoice => ({
      id: `${id}`,
      promptIds: [id, id, id],
      start: 0,
      optionIds: [[id]],
      optionCharacters: [1],
      gold: 0,
      ...(domain === undefined ? {} : { domain }),
    });
    const list = [of(7, 'law'), of(8, 'art'), of(9), of(6, 'law'), of(5, 'sport')];
    const options = { batchSize: 5, sequenceLength: 8, targets: 'answer' as const };
    const [batch] = collect(trainingBatches(list, { ...options, domains: ['art', 'law'] }, key, 1).iterate());
    const want = Array.from(batch!.ids_BS.data, (id) => ({ 7: 2, 6: 2, 8: 1 })[id] ?? 0);
    expect([...batch!.domains_BS!.data]).toEqual(want);
    expect(want.filter((mark) => mark === 2)).toHaveLength(6);
    const [plain] = collect(trainingBatches(list, options, key, 1).iterate());
    expect(plain!.domains_BS).toBeUndefined();
  });

  it('counts the answer only, or every token, and keeps the answer of an over-long prompt', async () => {
    const long: EncodedChoice = {
      id: 'x',
      promptIds: [1, 10, 11, 12, 13],
      start: 1,
      optionIds: [[20, 21]],
      optionCharacters: [2],
      gold: 0,
    };
    const batch = async (targets: 'answer' | 'prompt_and_answer') =>
      unpack(collect(trainingBatches([long], { batchSize: 1, sequenceLength: 4, targets }, key, 1).iterate())[0]!);
    expect(await batch('answer')).toEqual([
      {
        ids: [1, 12, 13, 20],
        targets: [
          [2, 20],
          [3, 21],
        ],
      },
    ]);
    expect(await batch('prompt_and_answer')).toEqual([
      {
        ids: [1, 12, 13, 20],
        targets: [
          [0, 12],
          [1, 13],
          [2, 20],
          [3, 21],
        ],
      },
    ]);
    expect(trainingBatches([long], { batchSize: 1, sequenceLength: 4, targets: 'answer' }, key, 1).truncated).toBe(1);
  });
});
