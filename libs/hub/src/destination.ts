import { copyFile, lstat, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { hasChecksum } from './checksum.js';
import type { RepoFile } from './repo-files.js';
import type { Repo } from './repo-id.js';

/** Where pulled files go. */
export interface Destination {
  /** The folder that then holds the repository's files. */
  readonly folder: string;
  /** Where a file is collected; the same for every attempt at the same content. */
  partial(file: RepoFile): string;
  /** Whether the file is there, complete. */
  has(file: RepoFile): Promise<boolean>;
  /** Moves a collected file, complete and checked, to its place. */
  keep(file: RepoFile): Promise<void>;
  /** Notes what the revision stood for. */
  finish(revision: string, commit: string): Promise<void>;
}

/** The cache of Hugging Face's tools: contents by checksum in `blobs`, a folder of links for each commit in `snapshots`. */
export function cacheDestination(cacheDir: string, { kind, name }: Repo, commit: string): Destination {
  const storage = repoCache(cacheDir, { kind, name });
  const folder = join(storage, 'snapshots', commit);
  const blob = ({ checksum }: RepoFile) => join(storage, 'blobs', checksum.value);
  const link = async (file: RepoFile) => {
    const pointer = join(folder, file.path);
    await mkdir(dirname(pointer), { recursive: true });
    await rm(pointer, { force: true });
    try {
      await symlink(relative(dirname(pointer), blob(file)), pointer);
    } catch (error) {
      // Windows lets only some users make links.
      if (!['EPERM', 'ENOSYS', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await copyFile(blob(file), pointer);
    }
  };
  return {
    folder,
    partial: (file) => `${blob(file)}.incomplete`,
    async has(file) {
      // A blob takes its name only once its content has been checked.
      if ((await bytesOf(blob(file))) !== file.bytes) return false;
      if ((await bytesOf(join(folder, file.path))) !== file.bytes) await link(file);
      return true;
    },
    async keep(file) {
      await rename(`${blob(file)}.incomplete`, blob(file));
      await link(file);
    },
    async finish(revision) {
      if (revision === commit) return;
      const reference = join(storage, 'refs', ...revision.split('/'));
      await mkdir(dirname(reference), { recursive: true });
      await writeFile(reference, commit);
    },
  };
}

/** The folder of a repository in the cache. */
export function repoCache(cacheDir: string, { kind, name }: Repo): string {
  return join(cacheDir, [`${kind}s`, ...name.split('/')].join('--'));
}

/** A folder of the user's own, with plain files; what is incomplete lies below `.cache/huggingface`, as with Hugging Face's tools. */
export function folderDestination(folder: string): Destination {
  const place = ({ path }: RepoFile) => join(folder, path);
  const partial = ({ path, checksum }: RepoFile) =>
    join(folder, '.cache', 'huggingface', 'download', `${path}.${checksum.value.slice(0, 16)}.incomplete`);
  return {
    folder,
    partial,
    async has(file) {
      return (await bytesOf(place(file))) === file.bytes && (await hasChecksum(place(file), file.bytes, file.checksum));
    },
    async keep(file) {
      await mkdir(dirname(place(file)), { recursive: true });
      // A link left by someone else is replaced, not followed.
      if (await isLink(place(file))) await rm(place(file));
      await rename(partial(file), place(file));
    },
    async finish() {
      await rm(join(folder, '.cache', 'huggingface', 'download'), { recursive: true, force: true });
    },
  };
}

async function bytesOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}
