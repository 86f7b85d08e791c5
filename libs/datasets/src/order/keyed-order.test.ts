import { describe, expect, it } from 'vitest';
import { createTask, folderWith, jsonLines } from '../testing/task-files.js';
import { keyedRank, keyedSample } from './keyed-order.js';

const items = Array.from({ length: 1000 }, (_, i) => ({ id: `item-${i}`, half: i < 500 }));

describe('keyed samples', () => {
  it('are nested, in the order of the items, and of both halves of a sorted list', () => {
    const [small, large] = [keyedSample(items, 100), keyedSample(items, 200)];
    expect(small.map(({ id }) => id)).toEqual(items.filter((item) => small.includes(item)).map(({ id }) => id));
    expect(small.every((item) => large.includes(item))).toBe(true);
    // Binomial(100, 0.5) is within 35 and 65 but for one in 300.
    expect(Math.abs(small.filter(({ half }) => half).length - 50)).toBeLessThan(16);
    expect(keyedSample(items, null)).toBe(items);
    expect(keyedSample(items, 1000)).toBe(items);
  });

  it('follow the ids alone: printf "gmoe sample a" | sha256sum', () => {
    expect(keyedRank('a')).toBe('b7414883ae49263ec9fcefcb471a32c83416f2f26b0330794d3429f5ca651f68');
  });

  it('is what limits take of a file that is sorted by answer', () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ text: `t${i}`, label: i < 100 ? 'x' : 'y' }));
    const dataDir = folderWith({
      'train.jsonl': jsonLines(...rows),
      'test.jsonl': jsonLines(...rows.map(({ text, label }) => ({ text: `u${text}`, label }))),
    });
    const files = { dataDir, trainFile: 'train.jsonl', testFile: 'test.jsonl' };
    const task = createTask('classification', { ...files, trainLimit: 40, testLimit: 40 });
    for (const split of ['train', 'test'] as const) {
      const right = task.load(split).filter(({ answer }) => answer === 1).length;
      expect(task.load(split)).toHaveLength(40);
      expect(Math.abs(right - 20)).toBeLessThan(12);
    }
  });
});

describe('bundled data', () => {
  it.each(['openstax-topics', 'arc-challenge', 'arc-easy', 'openbookqa', 'boolq'])(
    '%s is in no order of the answer',
    (id) => {
      for (const split of ['train', 'dev', 'test'] as const) {
        const answers = createTask(id)
          .load(split)
          .map(({ answer }) => answer);
        const counts = new Map<number, number>();
        for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
        const same = [...counts.values()].reduce((sum, count) => sum + (count / answers.length) ** 2, 0);
        const changes = answers.slice(1).filter((answer, i) => answer !== answers[i]).length;
        // Neighbours differ as often as two answers drawn at random do.
        expect(changes / (answers.length - 1) / (1 - same)).toBeGreaterThan(0.9);
      }
    },
  );

  it('openstax-topics: a limit takes the first rows, whose order a key drew when the files were made', () => {
    const [all, some] = [createTask('openstax-topics'), createTask('openstax-topics', { testLimit: 480 })];
    expect(some.load('test')).toEqual(all.load('test').slice(0, 480));
  });
});
