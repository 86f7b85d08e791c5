import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileDigest, stableHash, UserError } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { z } from 'zod';
import { readJsonFile } from './json-file.js';
import { SafetensorsFile, type Rows } from './safetensors-reader.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

const indexSchema = z.looseObject({
  // Only names of files in the same folder: an index from elsewhere must not reach out of it.
  weight_map: z.record(
    z.string(),
    z.string().regex(/^[^/\\:]+\.safetensors$/, 'must name a .safetensors file beside it'),
  ),
});

/** The tensors of a model folder, in one file or in shards. Owns file descriptors: `close` it. */
export interface Checkpoint {
  readonly path: string;
  readonly names: readonly string[];
  shapeOf(name: string): readonly number[] | undefined;
  /** A weight, or some of its rows, as float32. @throws UserError also if it holds other than floats */
  readonly readFloats: (name: string, rows?: Rows) => Promise<HostTensor>;
  /** As `SafetensorsFile.map`. */
  map(name: string, rows?: Rows): Promise<HostTensor | undefined>;
  /** What tells versions of the files apart: their places, sizes and times. */
  version(): Promise<string>;
  /** sha256 of the files' contents. */
  contents(): string;
  close(): Promise<void>;
}

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
 * @throws UserError if a file is missing or malformed
 */
export async function openCheckpoint(dir: string): Promise<Checkpoint> {
  const single = join(dir, SINGLE);
  if (await exists(single)) {
    const file = await SafetensorsFile.open(single);
    return checkpoint(single, [file], new Map([...file.tensors.keys()].map((name) => [name, file])));
  }
  const path = join(dir, INDEX);
  const index = await readJsonFile(path, indexSchema);
  if (!index) throw new UserError(`${dir}: has neither ${SINGLE} nor ${INDEX}${await otherWeights(dir)}`);
  const files = new Map<string, SafetensorsFile>();
  try {
    const owners = new Map<string, SafetensorsFile>();
    for (const [name, fileName] of Object.entries(index.weight_map)) {
      let file = files.get(fileName);
      if (!file) {
        file = await SafetensorsFile.open(join(dir, fileName));
        files.set(fileName, file);
      }
      if (!file.tensors.has(name)) {
        throw new UserError(`${path}: says that tensor '${name}' is in ${fileName}, but it is not`);
      }
      owners.set(name, file);
    }
    return checkpoint(path, [...files.values()], owners);
  } catch (error) {
    for (const file of files.values()) await file.close();
    throw error;
  }
}

function checkpoint(
  path: string,
  files: readonly SafetensorsFile[],
  owners: ReadonlyMap<string, SafetensorsFile>,
): Checkpoint {
  const owner = (name: string): SafetensorsFile => {
    const file = owners.get(name);
    if (!file) throw new UserError(`${path}: has no tensor '${name}'`);
    return file;
  };
  return {
    path,
    names: [...owners.keys()],
    shapeOf: (name) => owners.get(name)?.tensors.get(name)?.shape,
    async readFloats(name, rows) {
      const tensor = await owner(name).read(name, rows);
      if (tensor.dtype === 'float32') return tensor;
      throw new UserError(
        `${path}: tensor '${name}' holds ${tensor.dtype} values, not floats (quantized?); weights are BF16, F16, F32 or F64`,
      );
    },
    map: async (name, rows) => owner(name).map(name, rows),
    contents: () => stableHash(files.map(({ path: file }) => fileDigest(file))),
    version: async () => (await Promise.all(files.map((file) => file.version()))).join('\n'),
    async close() {
      for (const file of files) await file.close();
    },
  };
}

/** Weights in formats that are not read, for the message. */
async function otherWeights(dir: string): Promise<string> {
  const names = await readdir(dir).catch(() => []);
  const others = names.filter((name) => /\.(?:bin|pth?|ckpt|gguf|h5|msgpack|onnx)$/.test(name)).sort();
  return others.length === 0 ? '' : `; ${others[0]} is not read: save the model with safe_serialization`;
}

/** Also a link that leads nowhere, so that opening it tells what is wrong. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
