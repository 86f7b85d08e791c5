import { UserError } from '@gmoe/core';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import type { Checksum } from './checksum.js';
import type { HubClient } from './hub-client.js';
import type { Repo } from './repo-id.js';

/** One file of a repository at one commit. */
export interface RepoFile {
  /** With slashes, inside the repository. */
  readonly path: string;
  readonly bytes: number;
  readonly checksum: Checksum;
}

const COMMIT = /^[0-9a-f]{40}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** The commit that a branch, tag or short hash stands for. */
export async function commitOf(repo: Repo, revision: string, client: HubClient): Promise<string> {
  const request = { name: repo.name, revision, hubUrl: client.settings.endpoint, fetch: client.fetch };
  const { sha } =
    repo.kind === 'model'
      ? await modelInfo({ ...request, additionalFields: ['sha'] })
      : await datasetInfo({ ...request, additionalFields: ['sha'] });
  if (!COMMIT.test(sha ?? '')) throw new Error(`${repo.name}: the hub gives '${sha}' as a commit`);
  return sha;
}

/** Every file of a commit. @throws Error if the hub lists something that is no plain file below the repository */
export async function filesOf(repo: Repo, commit: string, client: HubClient): Promise<RepoFile[]> {
  const files: RepoFile[] = [];
  for await (const entry of listFiles({
    repo: { type: repo.kind, name: repo.name },
    recursive: true,
    revision: commit,
    hubUrl: client.settings.endpoint,
    fetch: client.fetch,
  })) {
    if (entry.type !== 'file') continue;
    const { path, size, oid, lfs } = entry;
    if (!isInside(path)) throw new UserError(`${repo.name}: lists a file outside of itself ('${path}'); not pulled`);
    const checksum: Checksum | undefined =
      lfs && SHA256.test(lfs.oid)
        ? { algorithm: 'sha256', value: lfs.oid }
        : oid !== undefined && COMMIT.test(oid) && !lfs
          ? { algorithm: 'git-sha1', value: oid }
          : undefined;
    if (!checksum) throw new Error(`${repo.name}: the hub gives no checksum of '${path}'`);
    files.push({ path, bytes: lfs?.size ?? size, checksum });
  }
  return files;
}

/** Git's own folder, also as Windows and macOS read its name: a hook in it would be run. */
const REPOSITORY = /^(?:\.git|git~\d+)[. ]*$/i;

/** Whether a path stays below the folder that it is joined to, on every system, and is none of Git's own. */
function isInside(path: string): boolean {
  if (/[\\:\u0000-\u001f]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !REPOSITORY.test(part));
}
