import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TensorSpec } from '@gmoe/tensor';
import { cacheFolder } from './cache-folder.js';
import type { Checkpoint } from './checkpoint.js';
import { keptCopy } from './kept-copy.js';
import type { SafetensorsFile } from './safetensors-reader.js';

/** Where float32 copies of 16-bit checkpoints are kept. */
export function copiesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'float32');
}

/**
 * The float32 copy of a checkpoint, made at its first use, which every process then maps instead of holding widened
 * weights of its own. It takes one tensor's memory at a time.
 * @param folder where copies are kept, if anywhere
 * @returns the copy, open; undefined where it cannot be kept (no space, no permission)
 * @throws UserError as `Checkpoint.readFloats`
 */
export async function float32Copy(
  checkpoint: Pick<Checkpoint, 'version' | 'readFloats'>,
  shapes: ReadonlyMap<string, readonly number[]>,
  folder: string | undefined,
): Promise<SafetensorsFile | undefined> {
  if (folder === undefined) return undefined;
  const names = [...shapes.keys()];
  const key = createHash('sha256').update(JSON.stringify([await checkpoint.version(), names]));
  const path = join(folder, `${key.digest('hex').slice(0, 32)}.safetensors`);
  const specs = Object.fromEntries(
    [...shapes].map(([name, shape]): [string, TensorSpec] => [name, { shape, dtype: 'float32' }]),
  );
  return keptCopy(path, specs, (name) => checkpoint.readFloats(name));
}
