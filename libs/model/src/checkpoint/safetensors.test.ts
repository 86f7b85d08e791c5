import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostTensor } from '@gmoe/tensor';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { testingPath } from '../testing/golden-model.js';
import { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from './element-types.js';
import { readSafetensors, SafetensorsFile } from './safetensors-reader.js';
import { writeSafetensors } from './safetensors-writer.js';

const dir = await mkdtemp(join(tmpdir(), 'gmoe-safetensors-'));
afterAll(() => rm(dir, { recursive: true }));
const path = join(dir, 'x.safetensors');

/** A file with any header and any data. */
async function craft(header: unknown, data = Buffer.alloc(0)): Promise<void> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, data]));
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('reads what torch wrote: F32, F16 and BF16 with zeros, subnormals and extremes', async () => {
    const { tensors, metadata } = await readSafetensors(testingPath('dtypes.safetensors'));
    const expected = JSON.parse(await readFile(testingPath('dtypes.json'), 'utf8'));
    expect(Object.keys(tensors).sort()).toEqual(['bf16', 'f16', 'f32']);
    for (const [name, tensor] of Object.entries(tensors)) {
      expect(tensor.dtype).toBe('float32');
      expect(Array.from(tensor.data), name).toEqual(expected[name]);
    }
    expect(tensors.f16!.shape).toEqual([3, 4]);
    expect(metadata).toEqual({ note: 'dtypes' });
  });

  it('narrows to F16 as torch does, and every half survives the way there and back', async () => {
    const expected = JSON.parse(await readFile(testingPath('dtypes.json'), 'utf8'));
    const halves = new Uint16Array(expected.f32.length);
    narrowFloat16(Float32Array.from(expected.f32), halves);
    const wide = new Float32Array(halves.length);
    widenFloat16(halves, new Uint32Array(wide.buffer));
    expect(Array.from(wide)).toEqual(expected.f16);

    const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
    const widened = new Float32Array(all.length);
    widenFloat16(all, new Uint32Array(widened.buffer));
    const back = new Uint16Array(all.length);
    narrowFloat16(widened, back);
    expect(back).toEqual(all);
    // Midpoints between neighbours go to the even one.
    const middle = Float32Array.from({ length: 0x7bff }, (_, bits) => (widened[bits]! + widened[bits + 1]!) / 2);
    const rounded = new Uint16Array(middle.length);
    narrowFloat16(middle, rounded);
    expect(rounded.every((bits, i) => bits === (i % 2 === 0 ? i : i + 1))).toBe(true);
  });

  it('narrows to BF16 as torch does, and every one survives the way there and back', async () => {
    const expected = JSON.parse(await readFile(testingPath('dtypes.json'), 'utf8'));
    const narrowed = new Uint16Array(expected.f32.length);
    narrowBfloat16(Float32Array.from(expected.f32), narrowed);
    const wide = new Float32Array(narrowed.length);
    widenBfloat16(narrowed, new Uint32Array(wide.buffer));
    expect(Array.from(wide)).toEqual(expected.bf16);

    const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 0x7f80) !== 0x7f80);
    const widened = new Float32Array(all.length);
    widenBfloat16(all, new Uint32Array(widened.buffer));
    const back = new Uint16Array(all.length);
    narrowBfloat16(widened, back);
    expect(back).toEqual(all);
    // Midpoints go to the even neighbour; beyond the largest is infinity, and NaN stays NaN.
    const edges = new Uint32Array([0x3f808000, 0x3f818000, 0x3f808001, 0x7f7fffff, 0x7f800001, 0xffffffff]);
    const rounded = new Uint16Array(edges.length);
    narrowBfloat16(new Float32Array(edges.buffer), rounded);
    expect(Array.from(rounded)).toEqual([0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7fc0, 0x7fc0]);

    await writeSafetensors(path, { w: HostTensor.float([0.1, -2]) }, { floats: 'BF16' });
    const file = await SafetensorsFile.open(path);
    expect(file.tensors.get('w')).toMatchObject({ type: 'BF16', bytes: 4 });
    await file.close();
    expect(Array.from((await readSafetensors(path)).tensors.w!.data)).toEqual([0.10009765625, -2]);
    await expect(writeSafetensors(path, { w: HostTensor.float([3.4e38]) }, { floats: 'BF16' })).rejects.toThrow(
      /tensor 'w' holds 3\.3\d+e\+38, which does not fit BF16/,
    );
  });

  it('gives back any tensors that it wrote', async () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
    const tensor = fc.tuple(shape, fc.constantFrom('float32', 'int32', 'bool')).chain(([dims, dtype]) => {
      const size = dims.reduce((product, dim) => product * dim, 1);
      const exactly = { minLength: size, maxLength: size };
      if (dtype === 'float32') {
        return fc
          .float32Array({ ...exactly, noNaN: true, noDefaultInfinity: true })
          .map((data) => new HostTensor(new Float32Array(data), dims));
      }
      if (dtype === 'int32') return fc.int32Array(exactly).map((data) => new HostTensor(new Int32Array(data), dims));
      return fc.uint8Array({ ...exactly, max: 1 }).map((data) => new HostTensor(new Uint8Array(data), dims));
    });
    const name = fc.string().filter((text) => !['__metadata__', '__proto__'].includes(text) && !/^\d+$/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, tensor, { noNullPrototype: true }), async (tensors) => {
        await writeSafetensors(path, tensors, { metadata: { note: 'ü' } });
        const read = await readSafetensors(path);
        expect(read.tensors).toEqual(tensors);
        expect(read.metadata).toEqual({ note: 'ü' });
      }),
      { numRuns: 40 },
    );
  });

  it('writes F16, refuses values that do not fit, and leaves the old file as it was', async () => {
    await writeSafetensors(path, { w: HostTensor.float([0.1, -2, 65504]) }, { floats: 'F16' });
    const file = await SafetensorsFile.open(path);
    expect(file.tensors.get('w')).toMatchObject({ type: 'F16', bytes: 6 });
    await file.close();
    const { tensors } = await readSafetensors(path);
    expect(Array.from(tensors.w!.data)).toEqual([0.0999755859375, -2, 65504]);
    const tooLarge = { w: HostTensor.float([1, 70_000]) };
    await expect(writeSafetensors(path, tooLarge, { floats: 'F16' })).rejects.toThrow(
      /tensor 'w' holds 70000, which does not fit F16/,
    );
    expect((await readSafetensors(path)).tensors).toEqual(tensors);
    expect((await readdir(dir)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });

  it('narrows doubles, 64-bit integers and bytes, and refuses integers beyond 32 bits', async () => {
    const bytes = Buffer.alloc(34);
    [0.1, -1e10].forEach((value, i) => bytes.writeDoubleLE(value, 8 * i));
    [-5n, 2n ** 31n - 1n].forEach((value, i) => bytes.writeBigInt64LE(value, 16 + 8 * i));
    bytes.set([0, 255], 32);
    const header = {
      f: { dtype: 'F64', shape: [2], data_offsets: [0, 16] },
      i: { dtype: 'I64', shape: [2], data_offsets: [16, 32] },
      u: { dtype: 'U8', shape: [1, 2], data_offsets: [32, 34] },
    };
    await craft(header, bytes);
    expect((await readSafetensors(path)).tensors).toEqual({
      f: HostTensor.float([0.1, -1e10]),
      i: HostTensor.int([-5, 2 ** 31 - 1]),
      u: HostTensor.int([0, 255], [1, 2]),
    });
    bytes.writeBigInt64LE(2n ** 31n, 24);
    await craft(header, bytes);
    await expect(readSafetensors(path)).rejects.toThrow(/'i' holds 2147483648 at element 1, beyond 32 bits/);
  });

  it.each<[string, unknown, number, RegExp]>([
    ['a header longer than the file', '', -1, /header claims \d+ bytes, but the file has 8/],
    ['a header that is not JSON', '{"a":', 0, /header is not JSON/],
    ['a header that is a list', [], 0, /header is not a JSON object/],
    [
      'data cut short',
      { a: f32([4], 0, 16) },
      12,
      /tensor 'a' claims bytes 0..16, but the file holds 12 bytes of data/,
    ],
    ['offsets backwards', { a: f32([1], 8, 4) }, 12, /tensor 'a' claims bytes 8..4/],
    ['negative offsets', { a: f32([1], -4, 0) }, 12, /tensor 'a': data_offsets\.0/],
    [
      'a size that is not the shape',
      { a: f32([3], 0, 16) },
      16,
      /shape \[3\] and dtype F32 needs 12 bytes, its offsets span 16/,
    ],
    ['a shape beyond numbers', { a: f32([2 ** 40, 2 ** 40], 0, 16) }, 16, /its offsets span 16/],
    ['overlapping tensors', { a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12, /tensors 'a' and 'b' overlap/],
    ['a hole', { a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12, /4 bytes before tensor 'b' belong to no tensor/],
    ['bytes at the end', { a: f32([1], 0, 4) }, 12, /last 8 bytes belong to no tensor/],
    [
      'a type that is not read',
      { a: { dtype: 'C64', shape: [1], data_offsets: [0, 8] } },
      8,
      /dtype 'C64', which is not read; use a checkpoint whose weights are BF16, F16, F32 or F64/,
    ],
    [
      'a quantized type',
      { a: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } },
      8,
      /dtype 'F8_E4M3', which is quantized/,
    ],
    [
      'a type named like a method',
      { a: { dtype: 'toString', shape: [], data_offsets: [0, 0] } },
      0,
      /dtype 'toString'/,
    ],
    ['metadata that is not text', { __metadata__: { a: 1 } }, 0, /__metadata__/],
  ])('refuses %s', async (_, header, dataBytes, message) => {
    if (dataBytes < 0) await writeFile(path, Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0]));
    else await craft(header, Buffer.alloc(dataBytes));
    const opened = SafetensorsFile.open(path);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toMatchObject({ name: 'UserError', message: expect.stringContaining(path) });
  });

  it('refuses missing, empty, odd and non-finite files', async () => {
    await expect(SafetensorsFile.open(join(dir, 'none'))).rejects.toThrow(/none: cannot be opened/);
    await writeFile(path, 'short');
    await expect(SafetensorsFile.open(path)).rejects.toThrow(/5 bytes are too few for a header/);
    await craft(Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'));
    await expect(SafetensorsFile.open(path)).rejects.toThrow(/header is not/);
    for (const value of [NaN, Infinity, -Infinity]) {
      await craft({ a: f32([3], 0, 12) }, Buffer.from(Float32Array.of(1, value, 2).buffer));
      const file = await SafetensorsFile.open(path);
      await expect(file.read('a')).rejects.toThrow(`tensor 'a' holds ${value} at element 1`);
      await expect(file.read('b')).rejects.toThrow(/has no tensor 'b'/);
      await file.close();
    }
  });
});
