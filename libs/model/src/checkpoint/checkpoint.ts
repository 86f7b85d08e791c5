import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { z } from 'zod';
import { readJsonFile } from './json-file.js';
import { SafetensorsFile } from './safetensors-reader.js';

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
  read(name: string): Promise<HostTensor>;
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
  if (!index) throw new UserError(`${dir}: has neither ${SINGLE} nor ${INDEX}`);
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
  return {
    path,
    names: [...owners.keys()],
    shapeOf: (name) => owners.get(name)?.tensors.get(name)?.shape,
    async read(name) {
      const file = owners.get(name);
      if (!file) throw new UserError(`${path}: has no tensor '${name}'`);
      return file.read(name);
    },
    async close() {
      for (const file of files) await file.close();
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
