import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openSpool } from './index.js';
import { readJournal } from './journal-reader.js';
import { JournalWriter } from './journal-writer.js';
import type { JournalRecord } from './records.js';

const root = mkdtempSync(join(tmpdir(), 'spool-journal-'));
let serial = 0;
const folder = (): string => join(root, String(serial++));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fields = { id: 'run-00001', experiment: 'e', name: 'n' };
const journalOf = (directory: string): string => join(directory, 'run-00001.spool.jsonl');
const records = (file: string): JournalRecord[] => [...readJournal(file)].flatMap(({ record }) => record ?? []);
const options = { fsyncMs: null, maxPendingBytes: 1000 };

describe('recorder', () => {
  it('numbers records, freezes times and keeps NaN and infinities', () => {
    const directory = folder();
    const run = openSpool(directory).run(fields);
    run.params({ a: 1, b: true, c: null, 'd "q"': 'x\n' });
    run.metrics(3, { 'train/loss': NaN, x: -Infinity, y: 0.1, z: -0 }, 1234.4);
    run.end('FAILED');
    const all = records(journalOf(directory));
    expect(all.map(({ n }) => n)).toEqual([0, 1, 2, 3]);
    expect(all.slice(1)).toMatchObject([
      { type: 'params', params: { a: '1', b: 'true', c: 'null', 'd "q"': 'x\n' } },
      { type: 'metrics', step: 3, t: 1234, metrics: { 'train/loss': NaN, x: -Infinity, y: 0.1, z: 0 } },
      { type: 'end', status: 'FAILED' },
    ]);
  });

  it('gives back what any metrics were', () => {
    const directory = folder();
    const run = openSpool(directory).run(fields);
    const points: Record<string, number>[] = [];
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
          fc.double(),
          { minKeys: 1 },
        ),
        (metrics) => {
          run.metrics(points.length, metrics);
          points.push(
            Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, value === 0 ? 0 : value])),
          );
        },
      ),
    );
    const read = records(journalOf(directory)).flatMap((record) => (record.type === 'metrics' ? [record.metrics] : []));
    expect(read).toEqual(points);
  });

  it.each([
    [
      'fraction as step',
      (run: ReturnType<ReturnType<typeof openSpool>['run']>) => run.metrics(0.5, { a: 1 }),
      /whole number/,
    ],
    ['NaN as step', (run) => run.metrics(NaN, { a: 1 }), /whole number/],
    ['no number', (run) => run.metrics(0, { a: '1' as never }), /'a' is no number/],
    ['negative time', (run) => run.metrics(0, { a: 1 }, -1), /epoch/],
    ['nameless dataset', (run) => run.dataset({ name: '', digest: 'x' }), /dataset/],
    ['copy of nothing', (run) => run.artifact('a', '/no/such/file', { copy: true }), /no such file/],
    ['after the end', (run) => (run.end(), run.metrics(0, { a: 1 })), /ended already/],
    [
      'what has no JSON form',
      (run) =>
        run.tags({
          a: 1n as never,
          b: {
            toString: () => {
              throw new Error('boom');
            },
          } as never,
        }),
      /boom/,
    ],
  ] as [string, (run: ReturnType<ReturnType<typeof openSpool>['run']>) => void, RegExp][])(
    'never throws: %s',
    (_, act, reason) => {
      const problems: string[] = [];
      const run = openSpool(folder(), {}, (problem) => problems.push(problem.reason)).run(fields);
      expect(() => act(run)).not.toThrow();
      expect(problems.join()).toMatch(reason);
    },
  );

  it('keeps the good values of a call with a bad one', () => {
    const directory = folder();
    const run = openSpool(directory).run(fields);
    run.metrics(0, { bad: undefined as never, good: 2 });
    expect(run.rejected).toBe(1);
    expect(records(journalOf(directory)).slice(1)).toMatchObject([
      { type: 'rejected' },
      { type: 'metrics', metrics: { good: 2 } },
    ]);
  });

  it('goes on after a crash: ends the torn line, skips points already there', () => {
    const directory = folder();
    const first = openSpool(directory).run(fields);
    for (let step = 0; step < 10; step++) first.metrics(step, { loss: step, ...(step < 5 && { early: step }) });
    first.close();
    const file = journalOf(directory);
    truncateSync(file, readFileSync(file).length - 7);
    const again = openSpool(directory).run(fields);
    for (let step = 3; step < 12; step++) again.metrics(step, { loss: step, early: step });
    again.end();
    const all = records(file);
    const of = (key: string) =>
      all.flatMap((record) => (record.type === 'metrics' && key in record.metrics ? [record.step] : []));
    expect(of('loss')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(of('early')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect([...readJournal(file)].filter(({ record }) => !record).length).toBe(1);
    expect(new Set(all.map(({ n }) => n)).size).toBe(all.length);
  });

  it.each(['short', 'has space', '../../etc', 'a'.repeat(129)])('refuses the id %j', (id) => {
    expect(() => openSpool(folder()).run({ ...fields, id })).toThrow(/allowed are 8 to 128/);
  });
});

describe('reader', () => {
  it('gives the whole lines of a file cut anywhere, and the rest once it is there', () => {
    const directory = folder();
    const run = openSpool(directory).run(fields);
    for (let step = 0; step < 20; step++) run.metrics(step, { 'lóss 😀': step });
    run.close();
    const whole = readFileSync(journalOf(directory));
    const all = records(journalOf(directory));
    const file = join(directory, 'cut.jsonl');
    const longest = Math.max(
      ...[...readJournal(journalOf(directory))].map(({ end }, at, lines) => end - (lines[at - 1]?.end ?? 0)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (cut) => {
        writeFileSync(file, whole.subarray(0, cut));
        const lines = [...readJournal(file)];
        expect(lines.map(({ record }) => record)).toEqual(all.slice(0, lines.length));
        const offset = lines.at(-1)?.end ?? 0;
        expect(cut - offset).toBeLessThan(longest);
        appendFileSync(file, whole.subarray(cut));
        expect([...readJournal(file, offset)].map(({ record }) => record)).toEqual(all.slice(lines.length));
      }),
      { numRuns: 60 },
    );
  });

  it('reads lines longer than its buffer', () => {
    const directory = folder();
    const run = openSpool(directory).run(fields);
    run.params({ long: 'ä'.repeat(400_000) });
    run.tags({ after: 'x' });
    run.close();
    expect(records(journalOf(directory)).slice(1)).toMatchObject([
      { params: { long: 'ä'.repeat(400_000) } },
      { tags: { after: 'x' } },
    ]);
  });
});

describe('writer on a full disk', () => {
  it('keeps lines in memory, writes them when there is room, in order and whole', () => {
    const file = join(root, `full-${serial++}.jsonl`);
    let room = 30;
    const writer = new JournalWriter(file, options, ((fd: number, text: string) => {
      const part = text.slice(0, room);
      if (part === '') throw new Error('ENOSPC: no space left on device');
      room -= part.length;
      return writeSync(fd, part);
    }) as typeof writeSync);
    for (let n = 0; n < 6; n++) writer.append(JSON.stringify({ line: n, pad: 'xxxx' }));
    expect(writer.lastError).toMatch(/ENOSPC/);
    room = 10_000;
    writer.append(JSON.stringify({ line: 6 }));
    writer.close();
    const lines = readFileSync(file, 'utf8').split('\n');
    const whole = lines.flatMap((line) => {
      try {
        return [(JSON.parse(line) as { line: number }).line];
      } catch {
        return [];
      }
    });
    expect(whole).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(writer.dropped).toBe(0);
  });

  it('drops and counts what memory does not hold', () => {
    const writer = new JournalWriter(join(root, `full-${serial++}.jsonl`), options, () => {
      throw new Error('ENOSPC');
    });
    for (let n = 0; n < 50; n++) writer.append('x'.repeat(100));
    expect(writer.dropped).toBe(40);
    writer.close();
    expect(writer.dropped).toBe(50);
  });

  it('never throws for a folder that is gone', () => {
    const writer = new JournalWriter(join(root, 'no', 'such', 'folder.jsonl'), options);
    writer.append('x');
    writer.close();
    expect([writer.dropped, writer.lastError]).toEqual([1, expect.stringMatching(/ENOENT/)]);
  });
});

describe('copy of an artifact', () => {
  it('is kept beside the journal', () => {
    const directory = folder();
    const run = openSpool(directory).run(fields);
    const file = join(root, 'changing.txt');
    writeFileSync(file, 'as it was');
    run.artifact('notes/a.txt', file, { copy: true });
    writeFileSync(file, 'as it is');
    run.close();
    const [kept] = readdirSync(join(directory, 'run-00001.files'));
    expect(readFileSync(join(directory, 'run-00001.files', kept!), 'utf8')).toBe('as it was');
  });
});
