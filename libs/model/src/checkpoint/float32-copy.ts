import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { sizeOf, type TensorSpec } from '@gmoe/tensor';
import { cacheFolder } from './cache-folder.js';
import type { Checkpoint } from './checkpoint.js';
import { SafetensorsFile } from './safetensors-reader.js';
import { streamSafetensors } from './safetensors-writer.js';

/** Copies that nobody has used for this long go when a new one is made. */
const UNUSED_DAYS = 14;
const DAY = 24 * 60 * 60 * 1000;
/** Free space that must be left beside a copy, relative to its size. */
const MARGIN = 1.5;

/** Where float32 copies of 16-bit checkpoints are kept. */
export function copiesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), 'float32');
}

/**
 * The float32 copy of a checkpoint, made at its first use, which every process then maps instead of holding widened
 * weights of its own. It takes one tensor's memory at a time.
 * @param folder where copies are kept
 * @returns the copy, open; undefined where it cannot be kept (no space, no permission)
 * @throws UserError as `Checkpoint.readFloats`
 */
export async function float32Copy(
  checkpoint: Pick<Checkpoint, 'version' | 'readFloats'>,
  shapes: ReadonlyMap<string, readonly number[]>,
  folder: string,
): Promise<SafetensorsFile | undefined> {
  const names = [...shapes.keys()];
  const key = createHash('sha256').update(JSON.stringify([await checkpoint.version(), names]));
  const path = join(folder, `${key.digest('hex').slice(0, 32)}.safetensors`);
  if (!(await isThere(path)) && !(await make(path, folder, checkpoint, shapes))) return undefined;
  // Its time says when it was last of use.
  await utimes(path, new Date(), (await stat(path)).mtime).catch(() => undefined);
  return SafetensorsFile.open(path);
}

async function make(
  path: string,
  folder: string,
  checkpoint: Pick<Checkpoint, 'readFloats'>,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  const specs = Object.fromEntries(
    [...shapes].map(([name, shape]): [string, TensorSpec] => [name, { shape, dtype: 'float32' }]),
  );
  try {
    await mkdir(folder, { recursive: true });
    await removeUnused(folder);
    const bytes = 4 * [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < MARGIN * bytes) return false;
    await streamSafetensors(draft, specs, (name) => checkpoint.readFloats(name));
    // Where another process was faster, its file stays: those who have mapped it share it.
    await link(draft, path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    return true;
  } catch (error) {
    if (error instanceof UserError) throw error;
    return false;
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.atimeMs > UNUSED_DAYS * DAY) await rm(path, { force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
