import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gmoeHere } from './testing/run-gmoe.js';

/** What tools/goldens/lm-eval/harness_golden.py kept of the EleutherAI harness. */
interface Golden {
  readonly tasks: readonly {
    readonly task: string;
    readonly file: string;
    readonly rows: readonly object[];
    readonly scored: readonly {
      readonly scores: readonly number[];
      readonly gold: number;
      readonly acc: number;
      readonly acc_norm?: number;
    }[];
  }[];
}

const golden = JSON.parse(readFileSync(new URL('./testing/lm-eval-scores.json', import.meta.url), 'utf8')) as Golden;

let root: string;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'gmoe-lm-eval-'))));
afterAll(() => rmSync(root, { recursive: true }));

it.each(golden.tasks)('$task has the scores of lm-eval for the bundled model', async ({ task, file, rows, scored }) => {
  const data = join(root, task);
  const out = join(root, `${task}-scores`);
  mkdirSync(data);
  writeFileSync(join(data, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const style = [
    '--set',
    'task.style=lm-eval',
    '--scoring',
    'log-likelihood',
    '--set',
    'evaluation.batchSize=2',
    '--sequence-length',
    task === 'boolq' ? '320' : '128',
  ];
  const { code, stderr } = await gmoeHere(['eval', '--task', task, '--data', data, ...style, '--out', out]);
  expect([code, stderr]).toEqual([0, '']);
  const predictions = readFileSync(join(out, 'predictions.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { gold: number; correct: boolean; scores: number[] });
  expect(predictions.map(({ gold }) => gold)).toEqual(scored.map(({ gold }) => gold));
  predictions.forEach(({ scores, correct }, row) => {
    scores.forEach((score, i) => expect(Math.abs(score - scored[row]!.scores[i]!)).toBeLessThan(2e-4));
    expect(Number(correct)).toBe(scored[row]!.acc);
  });
  const metrics = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as Record<string, number>;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(metrics['eval/accuracy']).toBeCloseTo(mean(scored.map(({ acc }) => acc)), 6);
  if (scored[0]!.acc_norm !== undefined) {
    expect(metrics['eval/accuracy_norm']).toBeCloseTo(mean(scored.map((each) => each.acc_norm!)), 6);
  }
  expect(metrics['eval/truncated'] ?? 0).toBe(0);
});
