import assert from 'node:assert/strict';
import { componentChecks, DEFAULTS, type Contract, type ContractCheck } from '@gmoe/core';
import { isChat, isChoice, SPLITS, type ChoiceExample, type Example } from '../example.js';
import { contentKey } from '../splits/duplicates.js';
import { taskKind, type Task } from '../task.js';

/** What every task promises, whatever its data; each check makes the task anew over the same files. */
export const taskContract: Contract<Task> = {
  kind: taskKind,
  checks: (component, cases = DEFAULTS) => [
    ...componentChecks(component),
    ...cases.flatMap(({ name, options }) =>
      taskChecks(async () => {
        const task = component.create(options);
        await task.prepare?.();
        return task;
      }).map((check) => ({ ...check, name: `${name}: ${check.name}` })),
    ),
  ],
};

function taskChecks(create: () => Promise<Task>): ContractCheck[] {
  return [
    {
      name: 'examples have an id of their own, and something to learn',
      async run() {
        const all = examplesOf(await create());
        assert.ok(all.length > 0, 'no example');
        assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'two examples have one id');
        all.forEach(checkExample);
      },
    },
    {
      name: 'every example of a classification has the same options, its classes',
      async run() {
        const task = await create();
        if (task.kind !== 'classification') return;
        const wanted = task.classes!.map((label) => ` ${label}`);
        for (const example of examplesOf(task))
          assert.deepEqual((example as ChoiceExample).options, wanted, example.id);
      },
    },
    {
      name: 'dev and test hold no example of train',
      async run() {
        const task = await create();
        const held = new Set([...task.load('dev'), ...task.load('test')].map(contentKey));
        assert.deepEqual(
          task.load('train').filter((example) => held.has(contentKey(example))),
          [],
        );
      },
    },
    {
      name: 'every row of its files is accounted for',
      async run() {
        const task = await create();
        for (const split of SPLITS) {
          const { rows, dropped, beyondLimit } = task.origin(split);
          const left = Object.values(dropped).reduce((sum, each) => sum + each, 0) + beyondLimit;
          assert.equal(task.load(split).length + left, rows, split);
        }
      },
    },
    {
      name: 'the same examples come in the same order, in whatever order splits are asked for',
      async run() {
        const [one, other] = [await create(), await create()];
        const theirs = [...SPLITS].reverse().map((split) => other.load(split));
        assert.deepEqual(
          theirs.reverse(),
          SPLITS.map((split) => one.load(split)),
        );
      },
    },
  ];
}

const examplesOf = (task: Task): Example[] => SPLITS.flatMap((split) => task.load(split));

function checkExample(example: Example): void {
  const { id } = example;
  if (isChat(example)) {
    assert.ok(
      example.messages.some(({ role }) => role === 'assistant'),
      `${id}: the assistant says nothing`,
    );
  } else if (isChoice(example)) {
    const { prompt, options, answer } = example;
    assert.ok(prompt !== '' && prompt === prompt.trimEnd(), `${id}: prompt is empty or ends in a space`);
    assert.ok(options.length >= 2 && options[answer] !== undefined, `${id}: no option is the answer`);
    // Options follow the prompt: without the space, the tokens would be others than in running text.
    assert.ok(
      options.every((option) => /^\s+\S/.test(option)),
      `${id}: an option lacks its leading space`,
    );
  } else {
    assert.ok(
      example.parts.some(({ text, supervised }) => supervised && text !== ''),
      `${id}: nothing is learned`,
    );
  }
}
