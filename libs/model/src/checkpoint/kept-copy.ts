import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '@gmoe/core';
import { sizeOf, type HostTensor, type TensorSpec } from '@gmoe/tensor';
import { ELEMENT_TYPES } from './element-types.js';
import { SafetensorsFile } from './safetensors-reader.js';
import { streamSafetensors, typeOf } from './safetensors-writer.js';

/** Copies that nobody has used for this long go when a new one is made. */
const UNUSED_DAYS = 14;
const DAY = 24 * 60 * 60 * 1000;
/** Free space that must be left beside a copy, relative to its size. */
const MARGIN = 1.5;

type Specs = Readonly<Record<string, TensorSpec>>;

/**
 * A file that is made once, in a folder of such files alone, and then opened by all who need it. It is written whole; those who make it at
 * the same time end up with one. One that is cut short or holds other tensors is made anew. It takes one tensor's memory at a time.
 * @returns the file, open; undefined where it cannot be kept (no space, no permission)
 * @throws UserError as `fetch`
 */
export async function keptCopy(
  path: string,
  specs: Specs,
  fetch: (name: string) => HostTensor | Promise<HostTensor>,
): Promise<SafetensorsFile | undefined> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  const kept = isThere ? await openWhole(path, specs) : undefined;
  if (!kept && !(await make(path, specs, fetch, isThere))) return undefined;
  // Its time says when it was last of use.
  await utimes(path, new Date(), (await stat(path)).mtime).catch(() => undefined);
  return kept ?? SafetensorsFile.open(path);
}

/** A file that holds tensors of these shapes and types; undefined if it is another or damaged. */
async function openWhole(path: string, specs: Specs): Promise<SafetensorsFile | undefined> {
  const file = await SafetensorsFile.open(path).catch(() => undefined);
  const isWhole = Object.entries(specs).every(([name, spec]) => {
    const stored = file?.tensors.get(name);
    return stored?.type === typeOf(spec, 'F32') && stored.shape.join() === spec.shape.join();
  });
  if (isWhole) return file;
  await file?.close();
  return undefined;
}

async function make(
  path: string,
  specs: Specs,
  fetch: (name: string) => HostTensor | Promise<HostTensor>,
  replaces: boolean,
): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  const folder = dirname(path);
  try {
    await mkdir(folder, { recursive: true });
    await removeUnused(folder);
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < MARGIN * bytesOf(specs)) return false;
    await streamSafetensors(draft, specs, fetch);
    if (replaces) await rename(draft, path);
    // Where another process was faster, its file stays: those who have mapped it share it.
    else {
      await link(draft, path).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
    }
    return true;
  } catch (error) {
    if (error instanceof UserError) throw error;
    return false;
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function bytesOf(specs: Specs): number {
  return Object.values(specs).reduce(
    (sum, spec) => sum + ELEMENT_TYPES[typeOf(spec, 'F32')].bytes * sizeOf(spec.shape),
    0,
  );
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.atimeMs > UNUSED_DAYS * DAY) await rm(path, { force: true });
  }
}
