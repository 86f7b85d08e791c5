import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ChoiceExample } from '../example.js';
import { createTask, folderWith, jsonLines } from '../testing/task-files.js';
import { capitalized, stripped } from './python-text.js';
import { drawShots, withShots } from './shots.js';

/** Written by tools/goldens/lm-eval/harness_requests.py with lm-eval. */
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('../testing/lm-eval-requests.json', import.meta.url)), 'utf8'),
) as {
  readonly tasks: readonly {
    readonly task: string;
    readonly file: readonly [id: string, name: string];
    readonly rows: readonly object[];
    readonly requests: readonly (readonly [context: string, continuation: string][])[];
    readonly oneShot: readonly (readonly [context: string, continuation: string][])[];
  }[];
};

/** Contexts and continuations as a causal model is given them: white space at a context's end moves to the continuation. */
const requestsOf = ({ prompt, prompts, options }: ChoiceExample) =>
  options.map((option, i) => [prompts?.[i] ?? prompt, option]);
const moved = ([context, continuation]: readonly [string, string]) => {
  const kept = context.trimEnd();
  return [kept, context.slice(kept.length) + continuation];
};

describe('style lm-eval asks as the harness does', () => {
  it.each(golden.tasks)('$task', ({ file: [id, name], rows, requests, oneShot }) => {
    const dataDir = folderWith({ [name]: jsonLines(...rows) });
    const examples = createTask(id, { dataDir, style: 'lm-eval' }).load('test');
    expect(examples.map(requestsOf)).toEqual(requests.map((each) => each.map(moved)));
    const [shot, asked] = examples;
    expect(requestsOf(withShots(asked!, [shot!]))).toEqual(oneShot[1]!.map(moved));
  });

  it('counts the length of a choice as acc_norm does: its code points, outer spaces included', () => {
    const { file, rows } = golden.tasks.find(({ task }) => task === 'arc_easy')!;
    const [first, second] = createTask(file[0], {
      dataDir: folderWith({ [file[1]]: jsonLines(...rows) }),
      style: 'lm-eval',
    }).load('test');
    expect(first!.characters).toEqual([6, 16, 13]);
    expect(second!.characters).toEqual([6, 8, 2, 2, 4]);
  });

  it('has classes of its own for boolq, needs its passages, and settles how choices are answered', () => {
    expect(createTask('boolq', { style: 'lm-eval' }).classes).toEqual(['no', 'yes']);
    expect(createTask('boolq').classes).toEqual(['true', 'false']);
    expect(() => createTask('boolq', { style: 'lm-eval' }).load('test')).toThrow(
      /dev\.jsonl:1: passage: style lm-eval asks about it; the bundled copy has none: name task\.dataDir/,
    );
  });

  it.each([
    ['the Woman', 'The woman'],
    ['éCLAIR', 'Éclair'],
    ['', ''],
    ['😀 A', '😀 a'],
    ['ßA', 'Ssa'],
    ['ﬁNE', 'Fine'],
    ['ǆUNGLA', 'ǅungla'],
    ['ŉA', 'ʼNa'],
    ['ᾀΣ', 'ᾈς'],
    ['აბ', 'აბ'],
    ['ΑΣ ΟΔΟΣ', 'Ας οδος'],
    ['İZ', 'İz'],
  ])('capitalizes %j as Python does', (text, wanted) => {
    expect(capitalized(text)).toBe(wanted);
  });
});

it("takes off Python's white space, no more and no less", () => {
  expect(stripped('\x1c\x85\u3000 \n a b \u2028\x1f')).toBe('a b');
  expect(stripped('\ufeff a \u200b')).toBe('\ufeff a \u200b');
});

describe('shots', () => {
  const pool = Array.from({ length: 20 }, (_, i) => ({
    id: `t${i}`,
    prompt: `q${i}`,
    options: [' a', ' b'],
    answer: i % 2,
  }));

  it('are different examples, the same for an id, others for other ids and seeds', () => {
    const ids = (id: string, seed = 0) => drawShots(pool, 5, id, seed).map((shot) => shot.id);
    expect(new Set(ids('x')).size).toBe(5);
    expect(ids('x')).toEqual(ids('x'));
    expect(ids('x')).not.toEqual(ids('y'));
    expect(ids('x')).not.toEqual(ids('x', 1));
    expect(drawShots(pool, 20, 'x', 0)).toHaveLength(20);
    expect(() => drawShots(pool, 21, 'x', 0)).toThrow('task.shots: 21 are more than the 20 of train');
  });

  it('stand before prompts of dev and test, of examples of train alone', () => {
    const row = (text: string, label: string) => ({ text, label });
    const dataDir = folderWith({
      'train.jsonl': jsonLines(row('t1', 'x'), row('t2', 'y')),
      'dev.jsonl': jsonLines(row('d1', 'x')),
      'test.jsonl': jsonLines(row('e1', 'y')),
    });
    const files = { dataDir, trainFile: 'train.jsonl', devFile: 'dev.jsonl', testFile: 'test.jsonl' };
    const task = createTask('classification', { ...files, shots: 2 });
    expect(task.load('train')[0]!.prompt).toBe('t1\nLabel:');
    const [one, other] = ['t1\nLabel: x\n\n', 't2\nLabel: y\n\n'];
    for (const [split, prompt] of [
      ['dev', 'd1\nLabel:'],
      ['test', 'e1\nLabel:'],
    ] as const) {
      expect([`${one}${other}${prompt}`, `${other}${one}${prompt}`]).toContain(task.load(split)[0]!.prompt);
    }
  });
});
