import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRows, tsvRows } from './delimited.js';
import { jsonLineRows } from './json-lines.js';
import type { TextFile } from './text-file.js';

const file = (text: string): TextFile => ({ name: 'f', text, encoding: 'utf-8' });
const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
const rows = (cells: fc.Arbitrary<string>) =>
  fc.array(fc.record({ a: cells, b: cells }), { minLength: 1, maxLength: 8 });

describe('rows of files', () => {
  it('CSV gives back any text, and the line on which its row ends', () => {
    fc.assert(
      fc.property(rows(fc.string()), fc.constantFrom('\n', '\r\n'), (list, end) => {
        const values = list.map(({ a, b }) => ({ a: `${a}\n"x", `, b }));
        const text = ['a,b', ...values.map(({ a, b }) => `${quoted(a)},${quoted(b)}`), ''].join(end);
        const read = csvRows(file(text));
        expect(read.map((row) => row.values)).toEqual(values);
      }),
    );
    expect(csvRows(file('a,b\n1,2\n"x\ny",3\n4,5')).map(({ line }) => line)).toEqual([2, 4, 5]);
  });

  it('one JSON list is as good as lines', () => {
    const list = [{ a: 'x' }, { a: ['y'] }];
    const read = jsonLineRows(file(`\n${JSON.stringify(list, undefined, 2)}\n`));
    expect(read.map((row) => row.values)).toEqual(list);
    expect(read.map(({ line }) => line)).toEqual([1, 2]);
    expect(() => jsonLineRows(file('[{"a": 1}, 2]'))).toThrow(/^f:2: must be a JSON object/);
    expect(() => jsonLineRows(file('[{"a": 1}'))).toThrow(/^f: not JSON/);
  });

  it('JSON lines give back any object; TSV any text without tabs and line ends', () => {
    fc.assert(
      fc.property(rows(fc.string()), fc.constantFrom('\n', '\r\n', '\n\n'), (list, end) => {
        const read = jsonLineRows(file(list.map((row) => JSON.stringify(row)).join(end)));
        expect(read.map((row) => row.values)).toEqual(list);
        expect(read.map(({ line }) => line)).toEqual(list.map((_, i) => 1 + i * (end === '\n\n' ? 2 : 1)));
      }),
    );
    const cell = fc.string().map((text) => `.${text.replace(/[\t\r\n]/g, '')}`);
    fc.assert(
      fc.property(rows(cell), (list) => {
        const text = ['a\tb', ...list.map(({ a, b }) => `${a}\t${b}`)].join('\n');
        expect(tsvRows(file(text)).map((row) => row.values)).toEqual(list);
      }),
    );
  });
});
