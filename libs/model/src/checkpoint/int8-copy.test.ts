import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FULL_RANGE, HostTensor, INT8_SUFFIX, quantizeRows, RandomKey, weightRange } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initWeights } from '../config/init-weights.js';
import { sitePaths } from '../config/weight-shapes.js';
import { weightsFor } from '../decoder/compute.js';
import { tinyConfig as config } from '../testing/tiny-config.js';
import { int8CopiesFolder } from './int8-copy.js';
import { loadWeights } from './load-model.js';
import { writeSafetensors, type FloatType } from './safetensors-writer.js';

const weights = initWeights(config, RandomKey.fromSeed(1));
const matrices = sitePaths(config).map((path) => `${path}.weight`);

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'gmoe-int8-'))));
afterAll(() => rm(root, { recursive: true }));

async function model(floats: FloatType = 'F32', change: Record<string, HostTensor> = {}): Promise<string> {
  const dir = await mkdtemp(join(root, 'model-'));
  await writeSafetensors(join(dir, 'model.safetensors'), { ...weights, ...change }, { floats });
  return dir;
}

const plain = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.entries(tensors)
    .map(([name, { data, shape, dtype }]) => [name, shape, dtype, Array.from(data)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** What 8 bits make of the weights, matrix by matrix. */
const expected = Object.fromEntries(
  Object.entries(weights).flatMap(([name, tensor]) => {
    if (!matrices.includes(name)) return [[name, tensor]];
    const { q, scale } = quantizeRows(tensor, FULL_RANGE);
    return [
      [name + INT8_SUFFIX.rows, q],
      [name + INT8_SUFFIX.scale, scale],
    ];
  }),
);

describe('weights: int8', () => {
  it('holds matrices as int8 and scales, all else as floats, in one file or in memory', async () => {
    const dir = await model();
    const copies = join(root, 'copies');
    const mapped = await loadWeights(dir, config, { weights: 'int8', mapFrom: 0, copies });
    expect(plain(mapped)).toEqual(plain(expected));
    const [copy] = await readdir(copies);
    for (const name of matrices) expect(mapped[name + INT8_SUFFIX.rows]!.file?.path).toBe(join(copies, copy!));
    expect(mapped['model.embed_tokens.weight']!.file?.path).toBe(join(copies, copy!));
    const inMemory = await loadWeights(dir, config, { weights: 'int8', copies: join(root, 'none') });
    expect(plain(inMemory)).toEqual(plain(expected));
    await expect(readdir(join(root, 'none'))).rejects.toThrow('ENOENT');
  });

  it('makes one file for the same contents, wherever they lie and however many ask at once', async () => {
    const copies = join(root, 'at-once');
    const dir = await model();
    const elsewhere = await mkdtemp(join(root, 'elsewhere-'));
    await cp(dir, elsewhere, { recursive: true });
    const load = (from: string) => loadWeights(from, config, { weights: 'int8', mapFrom: 0, copies });
    const all = await Promise.all([dir, dir, elsewhere].map(load));
    expect(await readdir(copies)).toHaveLength(1);
    for (const each of all) expect(plain(each)).toEqual(plain(expected));
    const changed = await model('F32', { 'model.norm.weight': HostTensor.full([8], 3) });
    expect((await load(changed))['model.norm.weight']!.data[0]).toBe(3);
    expect(await readdir(copies)).toHaveLength(2);
  });

  it('is made anew where the file was cut short, is no such file, or holds other tensors', async () => {
    const copies = join(root, 'damaged-copies');
    const dir = await model();
    const load = () => loadWeights(dir, config, { weights: 'int8', mapFrom: 0, copies });
    await load();
    const [copy] = await readdir(copies);
    const path = join(copies, copy!);
    const whole = await readFile(path);
    const other = join(root, 'other.safetensors');
    await writeSafetensors(other, { 'model.norm.weight': HostTensor.full([8], 3) });
    for (const damage of [
      whole.subarray(0, whole.length / 2),
      Buffer.alloc(0),
      Buffer.from('text'),
      await readFile(other),
    ]) {
      await writeFile(path, damage);
      expect(plain(await load())).toEqual(plain(expected));
      expect(await readFile(path)).toEqual(whole);
      expect(await readdir(copies)).toEqual([copy]);
    }
  });

  it('is made from 16-bit weights without a float32 copy of them', async () => {
    const dir = await model('BF16');
    const copies = join(root, 'narrow');
    const mapped = await loadWeights(dir, config, { weights: 'int8', mapFrom: 0, copies });
    const floats = await loadWeights(dir, config);
    const name = matrices[0]!;
    expect(mapped[name + INT8_SUFFIX.rows]!.data).toEqual(quantizeRows(floats[name]!, FULL_RANGE).q.data);
    expect(await readdir(copies)).toHaveLength(1);
  });

  it('is held in memory where no file can be kept; a part of one is never left', async () => {
    await writeFile(join(root, 'a-file'), '');
    const copies = join(root, 'a-file', 'copies');
    const dir = await model();
    const loaded = await loadWeights(dir, config, { weights: 'int8', mapFrom: 0, copies });
    expect(Object.values(loaded).some(({ file }) => file)).toBe(false);
    expect(plain(loaded)).toEqual(plain(expected));

    const broken = await model('F32', { 'model.norm.weight': HostTensor.full([8], NaN) });
    const kept = join(root, 'damaged');
    await expect(loadWeights(broken, config, { weights: 'int8', mapFrom: 0, copies: kept })).rejects.toThrow(
      /tensor 'model\.norm\.weight' holds NaN at element 0/,
    );
    expect(await readdir(kept)).toEqual([]);
  });

  it.each(['int8-forward', 'int8'] as const)('has what %s reads in a second file beside it', async (compute) => {
    const dir = await model();
    const copies = join(root, `products-${compute}`);
    const mapped = await loadWeights(dir, config, { weights: 'int8', mapFrom: 0, copies });
    const small = await loadWeights(dir, config, { weights: 'int8' });
    expect(await weightsFor('float32', config, mapped)).toBe(mapped);
    for (let round = 0; round < 2; round++) {
      const products = await weightsFor(compute, config, mapped);
      expect(plain(products)).toEqual(plain(await weightsFor(compute, config, small)));
      for (const name of matrices) expect(products[name + INT8_SUFFIX.columns]!.file).toBeDefined();
    }
    const { peak, pair } = await weightRange();
    const end = `-products-${peak}-${pair}.safetensors`;
    expect((await readdir(copies)).filter((name) => name.endsWith(end))).toHaveLength(1);
    expect(await readdir(copies)).toHaveLength(2);
  });

  it('is kept where the environment says', () => {
    expect(int8CopiesFolder({ GMOE_CACHE: '/c' })).toBe('/c/int8');
  });
});
