import { describe, expect, it } from 'vitest';
import { SPLITS } from '../example.js';
import { contentKey } from '../splits/duplicates.js';
import type { Task } from '../task.js';

/** What every task promises, whatever its data. `create` gives a new task over the same files each time. */
export function testTaskContract(name: string, create: () => Task): void {
  describe(`${name}: what every task promises`, () => {
    it('examples with an id of their own, a prompt, and one of their options as the answer', () => {
      const task = create();
      const ids = new Set<string>();
      let count = 0;
      for (const split of SPLITS) {
        for (const { id, prompt, options, answer } of task.load(split)) {
          ids.add(id);
          count++;
          if (prompt !== prompt.trimEnd() || prompt === '') expect.fail(`${id}: prompt is empty or ends in a space`);
          if (options.length < 2 || options[answer] === undefined) expect.fail(`${id}: no option is the answer`);
          // Options follow the prompt: without the space, the tokens would be others than in running text.
          if (!options.every((option) => /^ \S/.test(option))) expect.fail(`${id}: an option lacks its leading space`);
        }
      }
      expect(count).toBeGreaterThan(0);
      expect(ids.size).toBe(count);
    });

    it('the same options for every example of a classification, its classes', () => {
      const task = create();
      if (task.kind !== 'classification') return;
      const wanted = task.classes!.map((label) => ` ${label}`).join('|');
      for (const split of SPLITS) {
        expect(new Set(task.load(split).map(({ options }) => options.join('|')))).toEqual(new Set([wanted]));
      }
    });

    it('no example of train that dev or test hold too', () => {
      const task = create();
      const held = new Set([...task.load('dev'), ...task.load('test')].map(contentKey));
      expect(task.load('train').filter((example) => held.has(contentKey(example)))).toEqual([]);
    });

    it('every row of its files accounted for', () => {
      const task = create();
      for (const split of SPLITS) {
        const { rows, dropped, beyondLimit } = task.origin(split);
        const left = Object.values(dropped).reduce((sum, each) => sum + each, 0) + beyondLimit;
        expect(task.load(split).length + left).toBe(rows);
      }
    });

    it('the same examples in the same order each time', () => {
      const [one, other] = [create(), create()];
      // In another order of asking, too.
      const theirs = [...SPLITS].reverse().map((split) => other.load(split));
      expect(theirs.reverse()).toEqual(SPLITS.map((split) => one.load(split)));
    });
  });
}
