import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { initWeights } from '../config/init-weights.js';
import { weightShapes } from '../config/weight-shapes.js';
import { testingPath } from '../testing/golden-model.js';
import { tinyConfig as config } from '../testing/tiny-config.js';
import { copiesFolder } from './float32-copy.js';
import { loadModelConfig, loadWeights } from './load-model.js';
import { writeSafetensors, type FloatType } from './safetensors-writer.js';
import { testFamilies } from '../testing/test-families.js';

const weights = initWeights(config, RandomKey.fromSeed(1));

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'gmoe-mapped-'))));
afterAll(() => rm(root, { recursive: true }));

async function model(floats: FloatType, change: Record<string, HostTensor> = {}): Promise<string> {
  const dir = await mkdtemp(join(root, 'model-'));
  await writeSafetensors(join(dir, 'model.safetensors'), { ...weights, ...change }, { floats });
  return dir;
}

const plain = (tensors: Record<string, HostTensor>) =>
  Object.entries(tensors).map(([name, { data, shape, dtype }]) => [name, shape, dtype, Array.from(data)]);

it('float32 weights stay in their file; its values are read where they are asked for', async () => {
  const dir = await model('F32');
  const copies = join(root, 'unused');
  const mapped = await loadWeights(dir, config, { mapFrom: 0, copies });
  expect(Object.values(mapped).every(({ file }) => file?.path === join(dir, 'model.safetensors'))).toBe(true);
  expect(plain(mapped)).toEqual(plain(weights));
  expect(Object.keys(mapped)).toEqual([...weightShapes(config).keys()]);
  const small = await loadWeights(dir, config, { copies });
  expect(Object.values(small).every(({ file }) => file === undefined)).toBe(true);
  await expect(readdir(copies)).rejects.toThrow('ENOENT');
});

it('shards stay in their files, through links too', async () => {
  const dir = testingPath('llama');
  const sharded = await loadModelConfig(dir, testFamilies);
  const linked = await mkdtemp(join(root, 'linked-'));
  for (const name of await readdir(dir)) await symlink(join(dir, name), join(linked, name));
  const mapped = await loadWeights(linked, sharded, { mapFrom: 0 });
  expect(new Set(Object.values(mapped).map(({ file }) => file?.path)).size).toBe(2);
  expect(mapped['model.norm.weight']!.file!.path.startsWith(dir)).toBe(true);
  expect(plain(mapped)).toEqual(plain(await loadWeights(dir, sharded)));
});

it.each(['BF16', 'F16'] as const)('%s weights are widened once, into a copy for all', async (floats) => {
  const dir = await model(floats);
  const copies = join(root, `copies-${floats}`);
  const widened = await loadWeights(dir, config);
  for (let round = 0; round < 2; round++) {
    const mapped = await loadWeights(dir, config, { mapFrom: 0, copies });
    expect(plain(mapped)).toEqual(plain(widened));
    expect(await readdir(copies)).toHaveLength(1);
    expect(mapped['model.norm.weight']!.file!.path).toBe(join(copies, (await readdir(copies))[0]!));
  }
  // Changed weights have a copy of their own.
  const norm = HostTensor.full([8], 3);
  await writeSafetensors(join(dir, 'model.safetensors'), { ...weights, 'model.norm.weight': norm }, { floats });
  const changed = await loadWeights(dir, config, { mapFrom: 0, copies });
  expect(changed['model.norm.weight']!.data[0]).toBe(3);
  expect(await readdir(copies)).toHaveLength(2);
});

it('at once, several make one copy', async () => {
  const dir = await model('BF16');
  const copies = join(root, 'at-once');
  const all = await Promise.all([1, 2, 3].map(() => loadWeights(dir, config, { mapFrom: 0, copies })));
  expect(await readdir(copies)).toHaveLength(1);
  for (const each of all) expect(plain(each)).toEqual(plain(all[0]!));
});

it('without a place for the copy they are read into memory', async () => {
  const dir = await model('BF16');
  await writeFile(join(root, 'a-file'), '');
  const loaded = await loadWeights(dir, config, { mapFrom: 0, copies: join(root, 'a-file', 'copies') });
  expect(loaded['model.norm.weight']!.file).toBeUndefined();
  expect(plain(loaded)).toEqual(plain(await loadWeights(dir, config)));
});

it('damage is told as ever, and no copy of it is kept', async () => {
  const copies = join(root, 'damaged');
  const broken = await model('F32', { 'model.norm.weight': HostTensor.full([8], NaN) });
  await expect(loadWeights(broken, config, { mapFrom: 0, copies })).rejects.toThrow(
    /tensor 'model\.norm\.weight' holds NaN at element 0/,
  );
  const whole = await model('BF16', { 'model.norm.weight': HostTensor.zeros([8], 'int32') });
  await expect(loadWeights(whole, config, { mapFrom: 0, copies })).rejects.toThrow(/holds int32 values, not floats/);
  expect(await readdir(copies)).toEqual([]);
});

it('copies are kept where the environment says', () => {
  expect(copiesFolder({ GMOE_CACHE: '/c' })).toBe('/c/float32');
  expect(copiesFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/gmoe/float32');
});
