import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createTask, sharedData } from '../testing/task-files.js';

const shared = sharedData();

/** Lines of a file, counted as bytes. */
function lineCount(path: string): number {
  const stored = readFileSync(path);
  const bytes = path.endsWith('.gz') ? gunzipSync(stored) : stored;
  let count = 0;
  for (const byte of bytes) count += Number(byte === 10);
  return count + Number(bytes.at(-1) !== 10);
}

describe.skipIf(shared === undefined)('published data sets', () => {
  // Files, and rows as the data's own description says.
  it.each([
    ['siqa', 'siqa', { train: 'train.jsonl.gz', test: 'dev.jsonl' }, [33410, 1954], 3],
    ['piqa', 'piqa', { test: 'valid-even.jsonl' }, [919], 2],
    ['hellaswag', 'hellaswag', { test: 'val-even.jsonl.gz' }, [5021], 4],
    ['winogrande', 'winogrande', { train: 'train_l.jsonl', test: 'dev-even.jsonl' }, [10234, 634], 2],
    ['commonsenseqa', 'csqa', { train: 'train.jsonl.gz' }, [9741], 5],
    ['qasc', 'qasc', { train: 'mcq_train.jsonl' }, [8134], 8],
    ['trec', 'trec', { train: 'TREC.train' }, [5452], 6],
    ['sst2', 'sst2', { train: 'stsa.binary.train', test: 'stsa.binary.dev' }, [6920, 872], 2],
    ['subj', 'subj', { train: 'subj.train' }, [9000], 2],
    ['cola', 'cola', { train: 'in_domain_train.tsv', test: 'in_domain_dev.tsv' }, [8551, 527], 2],
    ['arc-challenge', 'arc', { train: 'arc-challenge-train.jsonl', test: 'arc-challenge-dev.jsonl' }, [1119, 299], 4],
    ['arc-easy', 'arc', { train: 'arc-easy-train.jsonl', test: 'arc-easy-dev.jsonl' }, [2251, 570], 4],
    ['openbookqa', 'openbookqa', { train: 'train.jsonl', test: 'dev.jsonl' }, [4957, 500], 4],
    ['boolq', 'boolq', { train: 'train.jsonl', test: 'dev-even.jsonl' }, [9427, 1635], 2],
  ] as const)('%s: every row of its files is in one split or counted', (id, folder, files, rows, options) => {
    const dataDir = join(shared!, folder);
    const task = createTask(id, { dataDir });
    const byFile = Object.entries(files).map(([split, file]) => {
      const parts =
        split === 'test'
          ? (['test'] as const)
          : 'test' in files
            ? (['train', 'dev'] as const)
            : (['train', 'dev', 'test'] as const);
      const counted = parts.reduce((sum, part) => {
        const { rows: count, dropped } = task.origin(part);
        const lost = Object.values(dropped).reduce((total, each) => total + each, 0);
        expect(count).toBe(task.load(part).length + lost);
        return sum + count;
      }, 0);
      expect(counted).toBe(lineCount(join(dataDir, file)));
      return counted;
    });
    expect(byFile).toEqual(rows);
    const test = task.load('test');
    expect(new Set(test.map((each) => each.id)).size).toBe(test.length);
    expect(Math.round(test.reduce((sum, each) => sum + each.options.length, 0) / test.length)).toBe(options);
    // Nothing of the test split is in train, by text.
    if (!('train' in files)) return;
    const prompts = new Set(task.load('train').map(({ prompt }) => prompt));
    expect(task.load('test').filter(({ prompt }) => prompts.has(prompt))).toEqual([]);
  });

  it('Latin-1 files keep their letters', () => {
    const subj = createTask('subj', { dataDir: join(shared!, 'subj') });
    expect(subj.origin('train').encodings).toEqual(['latin-1']);
    const texts = (['train', 'dev', 'test'] as const).flatMap((split) => subj.load(split).map(({ prompt }) => prompt));
    expect(texts.some((text) => text.includes('\uFFFD'))).toBe(false);
    // Lines of the file with a byte above 127: 101.
    expect(texts.filter((text) => /[\u0080-\uffff]/.test(text)).length).toBe(101);
    expect(texts.some((text) => text.includes('é'))).toBe(true);
  });

  it('TREC and CoLA have the class counts of their files', () => {
    const counts = (id: string) => {
      const task = createTask(id, { dataDir: join(shared!, id) });
      const all = (['dev', 'test'] as const).flatMap((split) => task.load(split));
      return task.classes!.map((_, i) => all.filter(({ answer }) => answer === i).length);
    };
    const cola = readFileSync(join(shared!, 'cola', 'in_domain_dev.tsv'), 'utf8')
      .trim()
      .split('\n');
    const dev = createTask('cola', { dataDir: join(shared!, 'cola') }).load('test');
    expect(dev.filter(({ answer }) => answer === 1).length).toBe(
      cola.filter((line) => line.split('\t')[1] === '1').length,
    );
    const trec = counts('trec');
    expect(trec.every((count) => count > 0)).toBe(true);
    const share = readFileSync(join(shared!, 'trec', 'TREC.train'), 'latin1').match(/^HUM:/gm)!.length / 5452;
    expect(Math.abs(trec[3]! / trec.reduce((sum, each) => sum + each, 0) - share)).toBeLessThan(0.04);
  });
});
