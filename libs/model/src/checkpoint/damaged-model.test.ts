import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { HostTensor, RandomKey } from '@gmoe/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initWeights } from '../config/init-weights.js';
import { tinyConfig as config } from '../testing/tiny-config.js';
import { createTokenizer } from '../tokenizer/tokenizer.js';
import { trainBpe } from '../tokenizer/train-bpe.js';
import { loadModel } from './load-model.js';
import { readSafetensors } from './safetensors-reader.js';
import { saveModel } from './save-model.js';
import { writeSafetensors, type FloatType } from './safetensors-writer.js';
import { testFamilies } from '../testing/test-families.js';

const NORM = 'model.norm.weight';

let root: string;
let whole: string;
let dir: string;
let file: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gmoe-damaged-'));
  whole = join(root, 'whole');
  const tokenizer = createTokenizer(trainBpe(['some text'], { vocabSize: 260 }));
  await saveModel(whole, { config, weights: initWeights(config, RandomKey.fromSeed(1)), tokenizer });
});
beforeEach(async () => {
  dir = join(root, String(count++));
  file = join(dir, 'model.safetensors');
  await cp(whole, dir, { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

/** The refusal is a `UserError` of one line that names the folder. */
async function expectRefused(message: RegExp): Promise<void> {
  const error: unknown = await loadModel(dir, testFamilies).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const text = (error as UserError).message;
  expect(text).toMatch(message);
  expect(text).toContain(dir);
  expect(text).not.toContain('\n');
}

interface Header {
  [tensor: string]: { dtype: string; shape: number[]; data_offsets: [number, number] };
}

/** Rewrites the header and leaves the data as it is. */
async function changeHeader(change: (header: Header) => void): Promise<void> {
  await changeText((text) => {
    const header = JSON.parse(text) as Header;
    change(header);
    return JSON.stringify(header);
  });
}

async function changeText(change: (header: string) => string): Promise<void> {
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const text = Buffer.from(change(bytes.toString('utf8', 8, 8 + length)));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([prefix, text, bytes.subarray(8 + length)]));
}

async function changeTensors(change: (tensors: Record<string, HostTensor>) => void, floats: FloatType = 'F32') {
  const { tensors } = await readSafetensors(file);
  change(tensors);
  await writeSafetensors(file, tensors, { floats });
}

async function patch(at: number, bytes: readonly number[]): Promise<void> {
  const content = await readFile(file);
  content.set(bytes, at < 0 ? content.length + at : at);
  await writeFile(file, content);
}

describe('a damaged or malicious model folder', () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a header of 2^63 bytes', () => patch(0, [0, 0, 0, 0, 0, 0, 0, 0x80]), /header claims 9223372036854775808 bytes/],
    ['a header one byte too long', () => patch(0, [0xff, 0xff, 0xff]), /header claims \d+ bytes, but the file has/],
    ['a header of no bytes', () => patch(0, [0, 0, 0, 0, 0, 0, 0, 0]), /header is not JSON/],
    ['a header that is cut', () => truncate(file, 100), /header claims \d+ bytes, but the file has 100/],
    ['data that is cut by one byte', async () => truncate(file, (await readFile(file)).length - 1), /\(truncated\?\)/],
    ['an empty file', () => truncate(file, 0), /0 bytes are too few for a header/],
    [
      'overlapping tensors',
      () => changeHeader((header) => void (header[NORM]!.data_offsets = [0, 32])),
      /tensors '.*' and '.*' overlap/,
    ],
    [
      'offsets out of the file',
      () => changeHeader((header) => void (header[NORM]!.data_offsets = [2 ** 40, 2 ** 40 + 32])),
      /'model\.norm\.weight' claims bytes 1099511627776\.\.1099511627808/,
    ],
    [
      'negative offsets',
      () => changeHeader((header) => void (header[NORM]!.data_offsets = [-32, 0])),
      /'model\.norm\.weight': data_offsets\.0/,
    ],
    [
      'a shape whose size overflows',
      () => changeHeader((header) => void (header[NORM]!.shape = [2 ** 31, 2 ** 31, 2 ** 31])),
      /its offsets span 32/,
    ],
    [
      'a tensor that stands twice',
      () =>
        changeText((text) =>
          text.replace('{', `{"model.norm\\u002eweight":{"dtype":"F16","shape":[2,8],"data_offsets":[0,32]},`),
        ),
      /names tensor 'model\.norm\.weight' twice/,
    ],
    [
      'a missing tensor',
      () => changeTensors((tensors) => void delete tensors['model.layers.0.self_attn.k_proj.bias']),
      /tensor 'model\.layers\.0\.self_attn\.k_proj\.bias' is missing/,
    ],
    [
      'a tensor of another shape',
      () => changeTensors((tensors) => void (tensors[NORM] = HostTensor.zeros([9]))),
      /'model\.norm\.weight' has shape \[9\], config\.json asks for \[8\]/,
    ],
    ['NaN in F32', () => patch(-4, [0, 0, 0xc0, 0x7f]), /holds NaN at element/],
    ['infinity in F32', () => patch(-4, [0, 0, 0x80, 0xff]), /holds -Infinity at element/],
    [
      'NaN in BF16',
      () => changeTensors(() => undefined, 'BF16').then(() => patch(-2, [0xc0, 0x7f])),
      /holds NaN at element/,
    ],
    [
      'infinity in F16',
      () => changeTensors(() => undefined, 'F16').then(() => patch(-2, [0, 0x7c])),
      /holds Infinity at element/,
    ],
    ['a folder in place of the file', () => rm(file).then(() => mkdir(file)), /model\.safetensors: is not a file/],
    [
      'a link that leads nowhere',
      () => rm(file).then(() => symlink('/nowhere', file)),
      /model\.safetensors: cannot be opened: ENOENT/,
    ],
    [
      'weights in another format',
      () => rm(file).then(() => writeFile(join(dir, 'pytorch_model.bin'), '')),
      /has neither .*; pytorch_model\.bin is not read: save the model with safe_serialization/,
    ],
    ['a config that is cut', () => truncate(join(dir, 'config.json'), 30), /config\.json: is not JSON/],
    [
      'a config with a size of 10^15',
      async () => {
        const path = join(dir, 'config.json');
        await writeFile(
          path,
          (await readFile(path, 'utf8')).replace('"intermediate_size": 12', '"intermediate_size": 1e15'),
        );
      },
      /has shape \[12, 8\], config\.json asks for \[1000000000000000, 8\]/,
    ],
    ['a tokenizer that is cut', () => truncate(join(dir, 'tokenizer.json'), 300), /tokenizer\.json: is not JSON/],
    [
      'an index beside no file that reaches out of the folder',
      async () => {
        await rm(file);
        await writeFile(
          join(dir, 'model.safetensors.index.json'),
          JSON.stringify({ weight_map: { [NORM]: '../whole/model.safetensors' } }),
        );
      },
      /must name a \.safetensors file beside it/,
    ],
  ])('%s is refused in one line', async (_, damage, message) => {
    await damage();
    await expectRefused(message);
  });

  it('any bytes in the header: the model loads or is refused, nothing else happens', async () => {
    const good = await readFile(file);
    const headerEnd = 8 + Number(good.readBigUInt64LE(0));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(headerEnd - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          await writeFile(file, bytes);
          await loadModel(dir, testFamilies).catch((error: unknown) => {
            expect(error).toBeInstanceOf(UserError);
            expect((error as UserError).message).not.toContain('\n');
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});
