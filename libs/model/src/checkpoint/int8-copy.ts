import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  FULL_RANGE,
  INT8_SUFFIX,
  quantizeRows,
  transposed,
  withinRange,
  type HostTensor,
  type QuantizedRows,
  type TensorSpec,
  type WeightRange,
} from '@gmoe/tensor';
import type { ModelConfig } from '../config/model-config.js';
import { sitePaths, weightShapes } from '../config/weight-shapes.js';
import { cacheFolder } from './cache-folder.js';
import { keptCopy } from './kept-copy.js';
import type { SafetensorsFile } from './safetensors-reader.js';

/** Counted up when the same weights give other values. */
const VERSION = 1;

type Named = Readonly<Record<string, HostTensor>>;

/** What is quantised: float32 weights by the decoder's names. */
export interface FloatSource {
  readFloats(name: string): Promise<HostTensor>;
  /** sha256 of what holds them. */
  contents(): string;
}

/** Where weights in 8 bits are kept. */
export function int8CopiesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'int8');
}

/**
 * The weights of a model with the linear layers' matrices in 8 bits, in a file that is made at the first use of these contents, and mapped by every
 * process: `NAME.int8` [O, I] and `NAME.int8.scale` [O] in place of NAME (`W[o, i] = scale[o] q[o, i]`, `scale[o] = max_i |W[o, i]| / 127`, whatever this processor's products take); embeddings, head,
 * norms and biases as they are, so that all of it is in one place.
 * @param folder where such files are kept, if anywhere
 * @returns undefined where the file cannot be kept
 * @throws UserError as `FloatSource.readFloats`
 */
export async function int8Copy(
  source: FloatSource,
  config: ModelConfig,
  folder: string | undefined,
): Promise<Record<string, HostTensor> | undefined> {
  if (folder === undefined) return undefined;
  const matrices = new Set(sitePaths(config).map((path) => `${path}.weight`));
  const floats: Record<string, TensorSpec> = {};
  const quantized: Record<string, TensorSpec> = {};
  for (const [name, shape] of weightShapes(config)) {
    if (matrices.has(name)) Object.assign(quantized, rowSpecs(name, shape));
    else floats[name] = { shape, dtype: 'float32' };
  }
  const key = createHash('sha256').update(
    JSON.stringify([VERSION, source.contents(), Object.keys(floats), [...matrices]]),
  );
  const fetch = partsOf(async (name) => quantizeRows(await source.readFloats(name), FULL_RANGE));
  // Floats first: matrices of any size leave them where they can be mapped.
  const specs = { ...floats, ...quantized };
  const file = await keptCopy(join(folder, `${key.digest('hex').slice(0, 32)}.safetensors`), specs, (name) =>
    floats[name] ? source.readFloats(name) : fetch(name),
  );
  return file && mapAll(file, Object.keys(specs));
}

/** As `int8Copy`, in memory. */
export async function int8InMemory(
  source: Pick<FloatSource, 'readFloats'>,
  config: ModelConfig,
): Promise<Record<string, HostTensor>> {
  const matrices = new Set(sitePaths(config).map((path) => `${path}.weight`));
  const weights: Record<string, HostTensor> = {};
  for (const name of weightShapes(config).keys()) {
    const tensor = await source.readFloats(name);
    if (!matrices.has(name)) {
      weights[name] = tensor;
      continue;
    }
    const { q, scale } = quantizeRows(tensor, FULL_RANGE);
    weights[name + INT8_SUFFIX.rows] = q;
    weights[name + INT8_SUFFIX.scale] = scale;
  }
  return weights;
}

/**
 * What products in 8 bits read beside weights that are stored so: both layouts and the scales, in the range that this processor takes, in a file
 * beside theirs.
 * @param names of the matrices
 * @returns undefined where the weights are in no file, or the file cannot be kept
 */
export async function int8Products(
  weights: Named,
  names: readonly string[],
  range: WeightRange,
): Promise<Record<string, HostTensor> | undefined> {
  const stored = weights[names[0]! + INT8_SUFFIX.rows]?.file?.path;
  if (stored === undefined) return undefined;
  const own = range.pair >= FULL_RANGE.pair;
  const specs: Record<string, TensorSpec> = {};
  for (const name of names) {
    const { shape } = weights[name + INT8_SUFFIX.rows]!;
    if (!own) Object.assign(specs, rowSpecs(name, shape));
    specs[name + INT8_SUFFIX.columns] = { shape: [...shape].reverse(), dtype: 'int8' };
  }
  const fetch = partsOf((name) =>
    withinRange({ q: weights[name + INT8_SUFFIX.rows]!, scale: weights[name + INT8_SUFFIX.scale]! }, range),
  );
  const path = stored.replace(/\.safetensors$/, `-products-${range.peak}-${range.pair}.safetensors`);
  const file = await keptCopy(path, specs, fetch);
  if (!file) return undefined;
  const made = await mapAll(file, Object.keys(specs));
  const parts = own ? [INT8_SUFFIX.rows, INT8_SUFFIX.scale] : [];
  return {
    ...Object.fromEntries(names.flatMap((name) => parts.map((part) => [name + part, weights[name + part]!]))),
    ...made,
  };
}

/** q [O, I] and its scales, under a matrix's name. */
function rowSpecs(name: string, shape: readonly number[]): Record<string, TensorSpec> {
  return {
    [name + INT8_SUFFIX.scale]: { shape: [shape[0]!], dtype: 'float32' },
    [name + INT8_SUFFIX.rows]: { shape, dtype: 'int8' },
  };
}

/** Gives the parts of quantised matrices by name; parts of one that are asked for one after the other are made at once. */
function partsOf(quantize: (name: string) => QuantizedRows | Promise<QuantizedRows>) {
  let last: { readonly name: string; readonly rows: QuantizedRows } | undefined;
  return async (part: string): Promise<HostTensor> => {
    const name = part.replace(/\.int8(?:\.scale|\.transposed)?$/, '');
    if (last?.name !== name) last = { name, rows: await quantize(name) };
    const { q, scale } = last.rows;
    if (part.endsWith(INT8_SUFFIX.columns)) return transposed(q);
    return part.endsWith(INT8_SUFFIX.scale) ? scale : q;
  };
}

async function mapAll(file: SafetensorsFile, names: readonly string[]): Promise<Record<string, HostTensor>> {
  try {
    const tensors: Record<string, HostTensor> = {};
    for (const name of names) tensors[name] = (await file.map(name)) ?? (await file.read(name));
    return tensors;
  } finally {
    await file.close();
  }
}
