import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gmoeHere, setUpGmoe } from './testing/run-gmoe.js';

interface Report {
  readonly task: string;
  readonly splits: readonly {
    readonly split: string;
    readonly rows: number;
    readonly examples: number;
    readonly dropped: Record<string, number>;
    readonly tokens: { readonly truncated: number };
    readonly sha256: string;
  }[];
}

describe('gmoe data, and the tasks of a user’s own files', () => {
  const { gmoe, folder } = setUpGmoe();

  it('reports on a bundled task, in numbers of its file', async () => {
    const { code, stdout } = await gmoe(['data', '--task', 'openstax-topics', '--format', 'json']);
    expect(code).toBe(0);
    const [report] = JSON.parse(stdout) as Report[];
    const rows = gunzipSync(readFileSync('libs/datasets/data/openstax-topics/dev.jsonl.gz'))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { passage: string; subject: string });
    const subjects = ['anatomy', 'astronomy', 'chemistry', 'microbiology', 'physics', 'psychology'];
    const hash = createHash('sha256');
    for (const { passage, subject } of rows) {
      const options = subjects.map((name) => ` ${name}`);
      hash.update(`${JSON.stringify([`${passage}\nSubject:`, options, subjects.indexOf(subject)])}\n`);
    }
    expect(report!.splits[1]).toMatchObject({
      split: 'dev',
      rows: rows.length,
      examples: rows.length,
      dropped: {},
      sha256: hash.digest('hex'),
    });
  });

  it('reports on the task of a file, with what is cut at its sequence length', async () => {
    const run = (args: string[]) => gmoeHere(['data', 'experiments/tasks/own-classification.yaml', ...args]);
    const { stdout } = await run([]);
    expect(stdout).toMatch(/^classification \(classification\): passages-train\.csv; a tenth of train as dev$/m);
    expect(stdout).toMatch(/^test +120 +120 +0 /m);
    const cut = await run(['--sequence-length', '60', '--format', 'json']);
    const [report] = JSON.parse(cut.stdout) as Report[];
    expect(report!.splits.map(({ tokens, examples }) => tokens.truncated / examples > 0.9)).toEqual([true, true, true]);
  });

  it('wrong input is one line: neither file nor task, a task without its files, a malformed row', async () => {
    const line = async (args: string[]) => {
      const { code, stderr } = await gmoeHere(args);
      expect(code).toBe(2);
      expect(stderr.trim().split('\n').length).toBe(1);
      return stderr.trim();
    };
    expect(await line(['data'])).toBe('gmoe: gmoe data: name either a file or --task ID');
    expect(await line(['data', '--task', 'cola'])).toMatch(
      /'cola' is not bundled: .*\(--data DIR\): in_domain_train\.tsv/,
    );
    for (const command of [
      ['train', 'experiments/tasks/boolq.yaml'],
      ['sweep', 'experiments/quickstart.yaml', '--dry-run'],
    ]) {
      expect(await line([...command, '--data', '/no/such, folder'])).toMatch(
        /task\.dataDir: is no folder \(got "\/no\/such, folder"\)$/,
      );
    }
    writeFileSync(join(folder(), 'my.csv'), 'text,label\na,x\nb,y\n');
    writeFileSync(join(folder(), 'bad.csv'), 'text,label\nc,x\nd,w\n');
    const own = [
      '--task',
      'classification',
      '--data',
      folder(),
      '--set',
      'task.trainFile=my.csv',
      '--set',
      'task.testFile=bad.csv',
    ];
    expect(await line(['eval', ...own])).toBe('gmoe: bad.csv:3: label: must be one of x, y (labels: text) (got "w")');
  });

  it('eval scores a user’s own questions by label, by likelihood of the choices and by what is generated', async () => {
    const questions = [
      '--task',
      'multiple-choice',
      '--data',
      'experiments/tasks/data',
      '--threads',
      '1',
      '--limit',
      '8',
    ];
    const set = [
      'trainFile=questions.csv',
      'columns.choices=[choice1, choice2, choice3, choice4]',
      'columns.answer=right',
      'labels=one-based',
    ];
    const options = set.flatMap((each) => ['--set', `task.${each}`]);
    const metrics = async (more: string[]) => {
      const { code, stdout, stderr } = await gmoeHere(['eval', ...questions, ...options, ...more]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      return Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((text) => text.split(/\s+/) as [string, string]),
      );
    };
    const letters = await metrics([]);
    expect(letters['eval/examples']).toBe('8');
    expect(Number(letters['eval/accuracy_low'])).toBeLessThan(Number(letters['eval/accuracy']));
    const texts = await metrics(['--scoring', 'log-likelihood', '--set', 'task.answers=text']);
    // Whole sentences cost more nats than a letter.
    expect(Number(texts['eval/loss'])).toBeGreaterThan(2 * Number(letters['eval/loss']));
    expect(texts).toHaveProperty(['eval/accuracy_norm']);
    expect(await metrics(['--scoring', 'generation'])).toHaveProperty(['eval/exact_match']);
  });
});
