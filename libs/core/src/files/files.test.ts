import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  fileDigest,
  gunzipBounded,
  linkExclusively,
  makeSubfolder,
  parseJson,
  readBounded,
  readLines,
  readRegularFile,
  writeWhole,
  writeWholeFrom,
} from '../index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gmoe-core-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('files written as a whole', () => {
  it('replace what was there, leave nothing beside it, and a name is given once', async () => {
    const file = join(folder, 'a.json');
    writeWhole(file, 'one');
    writeWhole(file, new Uint8Array([0x74, 0x77, 0x6f]), { durably: false });
    expect(readFileSync(file, 'utf8')).toBe('two');
    await writeWholeFrom(file, async (handle) => void (await handle.writeFile('three')));
    expect(readFileSync(file, 'utf8')).toBe('three');
    await expect(writeWholeFrom(file, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(() => writeWhole(join(folder, 'none', 'a'), '')).toThrow(/ENOENT/);
    expect(linkExclusively(file, join(folder, 'b'))).toBe(true);
    expect(linkExclusively(file, join(folder, 'b'))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['a.json', 'b']);
    expect(readFileSync(file, 'utf8')).toBe('three');
  });
});

describe('readLines', () => {
  it('gives complete lines with their offsets, from any offset on', () => {
    const file = join(folder, 'lines');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), fc.string(), (lines, tail) => {
        const clean = lines.map((line) => line.replaceAll('\n', ' '));
        writeFileSync(file, clean.map((line) => `${line}\n`).join('') + tail.replaceAll('\n', ' '));
        const bytes = readFileSync(file);
        const found = [...readLines(file)];
        const whole = clean.map((line) => Buffer.from(line).toString()).filter((line) => line !== '');
        expect(found.map(({ text }) => text)).toEqual(whole);
        for (const { text, start, end } of found) expect(bytes.toString('utf8', start, end)).toBe(`${text}\n`);
        const middle = found[Math.floor(found.length / 2)];
        if (middle) expect([...readLines(file, middle.start)][0]).toEqual(middle);
      }),
      { numRuns: 15, seed: 5 },
    );
  });

  it('joins a line of many pieces', () => {
    const file = join(folder, 'long');
    writeFileSync(file, `${'x'.repeat(3 << 18)}\nend\nopen`);
    expect([...readLines(file)].map(({ text }) => text.length)).toEqual([3 << 18, 3]);
  });
});

describe('parseJson', () => {
  it('reads what JSON.parse reads, and refuses what would overflow the stack of others, or is beyond measure', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const padded = `${text}${' '.repeat(501)}`;
        expect(parseJson(padded)).toEqual(JSON.parse(text));
      }),
      { numRuns: 100, seed: 3 },
    );
    const nested = (levels: number): string => '[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2);
    expect(JSON.stringify(parseJson(nested(500)))).toHaveLength(nested(500).length);
    expect(() => parseJson(nested(502))).toThrow(/nested more than 500 levels deep/);
    expect(() => parseJson('['.repeat(1e6))).toThrow(/nested more than 500 levels deep/);
    const text = `"${'[{,\\"'.repeat(600)}"`;
    expect(parseJson(text, 1)).toBe('[{,"'.repeat(600));
    expect(() => parseJson(`[${'1,'.repeat(400)}1]`, 400)).toThrow(/holds more than 400 values/);
    expect(parseJson(`[${'1,'.repeat(399)}1]`, 400)).toHaveLength(400);
  });
});

it('a folder is made in one that is there, once, and never the folders above', () => {
  const sub = join(folder, 'sub');
  expect([makeSubfolder(sub), makeSubfolder(sub)]).toEqual([sub, sub]);
  expect(() => makeSubfolder(join(folder, 'away', 'sub'))).toThrow(/ENOENT/);
  expect(existsSync(join(folder, 'away'))).toBe(false);
});

describe('bounded reading', () => {
  it('refuses what is larger than allowed, endless or a bomb, and reads the rest as it is', () => {
    const file = join(folder, 'data');
    writeFileSync(file, 'x'.repeat(5000));
    expect(readBounded(file, 5000).toString()).toBe('x'.repeat(5000));
    expect(() => readBounded(file, 4999)).toThrow(/data: has 5000 bytes, at most 4999 are read/);
    expect(() => readBounded('/dev/zero', 100_000)).toThrow('/dev/zero: has more than 100000 bytes');
    expect(() => readBounded(folder, 10)).toThrow(/is a folder/);
    // Opening a pipe would wait for its other end.
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const path of ['/dev/zero', folder, join(folder, 'pipe')]) {
      expect(() => readRegularFile(path, 10)).toThrow(`${path}: is not a file`);
      expect(() => fileDigest(path)).toThrow(`${path}: is not a file`);
    }
    const packed = gzipSync(Buffer.alloc(1 << 24));
    expect(gunzipBounded(packed, 1 << 24, 'a.gz')).toHaveLength(1 << 24);
    expect(() => gunzipBounded(packed, (1 << 24) - 1, 'a.gz')).toThrow(/a\.gz: unpacks to more than 16777215 bytes/);
    expect(() => gunzipBounded(packed.subarray(0, 50), 1 << 24, 'a.gz')).toThrow(/a\.gz: is no whole gzip file/);
  });
});
