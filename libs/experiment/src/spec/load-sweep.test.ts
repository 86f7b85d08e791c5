import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSweep } from './index.js';

let folder: string;
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gmoe-spec-'));
});

describe('loadSweep', () => {
  it('builds on the files that it extends: objects merge, lists and components of another id replace', () => {
    write(
      'base.yaml',
      'name: base\nseeds: 5\ntrial: { router: { id: graph, width: 64 }, adapter: { rank: 4, k: 2 } }\n',
    );
    write('limits.yaml', 'limits: { retries: 1, seconds: 60 }\n');
    const file = write(
      'table1.yaml',
      'extends: [base.yaml, limits.yaml]\nlimits: { seconds: 90 }\ntrial: { router: { id: linear }, adapter: { rank: 8 } }\n',
    );
    const spec = loadSweep(file);
    expect(spec).toEqual({
      folders: [dirname(file)],
      formatVersion: 1,
      name: 'table1',
      source: file,
      seeds: 5,
      limits: { retries: 1, seconds: 90 },
      trial: { router: { id: 'linear' }, adapter: { rank: 8, k: 2 } },
    });
    expect(loadSweep(file, { set: ['limits.seconds=10', 'name=short'] })).toMatchObject({
      name: 'short',
      limits: { seconds: 10, retries: 1 },
    });
  });

  it('numbers are those of YAML 1.2, in every way to write them; what only looks like one stays text', () => {
    const of = (text: string): unknown => {
      const spec = loadSweep(write('numbers.yaml', `trial: { a: ${text} }\ngrid: { b: [${text}, 1] }\n`));
      expect((spec.grid as { b: unknown[] }).b[0]).toBe((spec.trial as { a: unknown }).a);
      return (spec.trial as { a: unknown }).a;
    };
    const numbers = { '1e-4': 1e-4, '1E-4': 1e-4, '1.e-4': 1e-4, '.0001': 1e-4, '0x10': 16, '0o17': 15, '+5': 5 };
    for (const [text, value] of Object.entries(numbers)) expect(of(text), text).toBe(value);
    for (const text of ['1_000', 'yes', 'no', 'on', 'off', '1e', '12:30']) expect(of(text), text).toBe(text);
    expect([of('"1e-4"'), of('true'), of('~')]).toEqual(['1e-4', true, null]);
    const keys = write('null.yaml', 'grid: { coordination: { null: [], none: [] } }\n');
    expect(Object.keys((loadSweep(keys).grid as { coordination: object }).coordination)).toEqual(['null', 'none']);
  });

  it('names the file that is wrong', () => {
    write('bad.yaml', 'seeds: none\n');
    expect(() => loadSweep(write('child.yaml', 'extends: bad.yaml\n'))).toThrow(/bad\.yaml: seeds: /);
    expect(() => loadSweep(write('broken.yaml', 'a: [1\n'))).toThrow(/broken\.yaml: not valid YAML: .* line 2/);
    expect(() => loadSweep(write('twice.yaml', 'seeds: 1\nseeds: 2\n'))).toThrow(
      /twice\.yaml: not valid YAML: .*unique/,
    );
    expect(() => loadSweep(write('list.yaml', '- 1\n'))).toThrow(/list\.yaml: a sweep file must be a mapping/);
    expect(() => loadSweep(write('alias.yaml', 'seeds: *none\n'))).toThrow(
      /alias\.yaml: not valid YAML: Unresolved alias/,
    );
    expect(() => loadSweep(write('self.yaml', 'trial: &t\n  a: *t\n'))).toThrow(
      /self\.yaml: not valid YAML: .*circular/,
    );
    expect(() => loadSweep(write('two.yaml', 'seeds: 1\n---\nseeds: 2\n'))).toThrow(/more than one document/);
    const bomb = 'abcdefgh'
      .split('')
      .map((key, at) => `${key}: &${key} [${Array(9).fill(at ? `*${'abcdefgh'[at - 1]}` : 1)}]`);
    expect(() => loadSweep(write('bomb.yaml', bomb.join('\n')))).toThrow(/bomb\.yaml: not valid YAML: Excessive alias/);
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('description: caf\xe9\n', 'latin1'));
    expect(() => loadSweep(join(folder, 'latin1.yaml'))).toThrow(/latin1\.yaml: is not UTF-8 text/);
    expect(loadSweep(write('bom.yaml', '\uFEFFseeds: 2\n')).seeds).toBe(2);
    expect(() => loadSweep(join(folder, 'absent.yaml'))).toThrow(/absent\.yaml: cannot be read: ENOENT/);
    write('b.yaml', 'extends: a.yaml\n');
    expect(() => loadSweep(write('a.yaml', 'extends: b.yaml\n'))).toThrow(/in a circle/);
  });

  it('names a sweep by its file in any script, and keeps the folders of two files apart', () => {
    const named = (file: string): string => loadSweep(write(file, 'seeds: 1\n')).name;
    expect([named('消融.yaml'), named('基线.yaml'), named('my sweep.yaml'), named('ablação-2.yaml')]).toEqual([
      '消融',
      '基线',
      'my-sweep',
      'ablação-2',
    ]);
    const odd = ['🚀.yaml', '🎯.yaml', '..yaml', '-.yaml'].map(named);
    for (const name of odd) expect(name).toMatch(/^sweep-[0-9a-f]{6}$/);
    expect(new Set(odd).size).toBe(4);
  });

  it('refuses a name that JavaScript would drop, and a file without end', () => {
    const file = write('proto.yaml', 'grid: { router.id: { __proto__: linear, b: graph } }\n');
    expect(() => loadSweep(file)).toThrow(/proto\.yaml: the name __proto__ cannot be used/);
    expect(() => loadSweep('/dev/zero')).toThrow('/dev/zero: has more than 2097152 bytes');
  });
});
