import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  taskDefinitions,
  trainingBatches,
  TRAINING_TARGETS,
  type EncodedExample,
  type ChoiceExample,
  type Task,
} from '@gmoe/datasets';
import { RandomKey } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';

describe('trap 12: a loss on every token, padding included', () => {
  it('the authors count 31 of 32 positions a row; here the answer, 2 tokens each, or prompt and answer, and no padding', async () => {
    const examples: EncodedExample[] = Array.from({ length: 4 }, (_, i) => ({
      id: `e${i}`,
      promptIds: Array.from({ length: 9 }, (__, t) => 1 + t + i),
      start: 0,
      optionIds: [
        [20, 21],
        [22, 23],
      ],
      optionCharacters: [2, 2],
      gold: i % 2,
    }));
    for (const [targets, each] of [
      ['answer', 2],
      ['prompt_and_answer', 10],
    ] as const) {
      expect(TRAINING_TARGETS).toContain(targets);
      const batches = trainingBatches(
        examples,
        { batchSize: 4, sequenceLength: 32, targets },
        RandomKey.fromSeed(0),
        1,
      );
      for await (const { weights_N, supervised_N, targets_N, segments_BS, ids_BS } of batches.iterate()) {
        const used = [...weights_N.data].flatMap((weight, n) => (weight > 0 ? [n] : []));
        expect(used).toHaveLength(4 * each);
        for (const n of used) {
          expect(segments_BS.data[supervised_N.data[n]!]).toBeGreaterThan(0);
          if (targets === 'answer') expect(targets_N.data[n]).toBeGreaterThanOrEqual(20);
        }
        // There is padding that a loss on every token would count: 4 x 10 input tokens fill no whole rows of 32.
        expect(ids_BS.size - [...segments_BS.data].filter((segment) => segment > 0).length).toBe(
          batches.rows * 32 - 40,
        );
        expect(batches.rows * 32).toBeGreaterThan(40);
      }
    }
  });
});

describe('trap 13: a dev split that is the test split', () => {
  const SPLITS = ['train', 'dev', 'test'] as const;
  const shared = (a: readonly string[], b: readonly string[]) => {
    const held = new Set(b);
    return a.filter((each) => held.has(each)).length;
  };

  /** No example of one split is in another, and next to no prompt of dev is in test. */
  function expectApart(task: Task): void {
    const [train, dev, test] = SPLITS.map((split) => task.load(split)) as [
      ChoiceExample[],
      ChoiceExample[],
      ChoiceExample[],
    ];
    const ids = (examples: readonly ChoiceExample[]) => examples.map(({ id }) => id);
    const prompts = (examples: readonly ChoiceExample[]) => examples.map(({ prompt }) => prompt);
    for (const split of [train, dev, test]) expect(split.length).toBeGreaterThan(0);
    expect(shared(ids(train), ids(dev))).toBe(0);
    expect(shared(ids(train), ids(test))).toBe(0);
    expect(shared(ids(dev), ids(test))).toBe(0);
    expect(shared(prompts(dev), prompts(test)) / test.length).toBeLessThan(0.01);
  }

  it.each(taskDefinitions.filter(({ bundled }) => bundled).map((task) => [task.id, task] as const))(
    '%s: no example is in two splits',
    (_, definition) => expectApart(definition.create({})),
  );

  it('siqa, where the authors validate on their test split: the published dev split is test, dev is a tenth of train', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gmoe-traps-'));
    const row = (text: string) => ({
      context: text,
      question: 'Why?',
      answerA: 'a',
      answerB: 'b',
      answerC: 'c',
      label: '1',
    });
    const file = (name: string, count: number) =>
      writeFile(
        join(dataDir, `${name}.jsonl`),
        Array.from({ length: count }, (_, i) => `${JSON.stringify(row(`${name} ${i}`))}\n`).join(''),
      );
    await file('train', 200);
    await file('dev', 50);
    const definition = taskDefinitions.find(({ id }) => id === 'siqa')!;
    const task = definition.create({ dataDir });
    expectApart(task);
    expect(task.load('test')).toHaveLength(50);
    expect((task.load('dev') as ChoiceExample[]).every(({ prompt }) => prompt.includes('train'))).toBe(true);
    expect(task.load('train').length + task.load('dev').length).toBe(200);
    await rm(dataDir, { recursive: true });
  });
});
