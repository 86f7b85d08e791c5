import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '@gmoe/core';
import { chooseFiles, namedFiles } from './choose-files.js';
import { cacheDestination, folderDestination, repoCache, type Destination } from './destination.js';
import { downloadFile } from './download-file.js';
import { explain, isUnknownRepo } from './hub-error.js';
import { HubClient, PATIENT, type RetryPolicy } from './hub-client.js';
import type { HubSettings } from './hub-settings.js';
import { commitOf, filesOf, type RepoFile } from './repo-files.js';
import { checkRevision, repoPath, reposOf, type Repo, type RepoKind } from './repo-id.js';

/** How far a pull is, over all files. */
export interface PullProgress {
  /** The file in transfer. */
  readonly path: string;
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
}

export interface PullOptions {
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string;
  /** Folder for plain files; default the cache that Hugging Face's tools share. */
  readonly to?: string;
  /** Every file of a model, other weight formats too. */
  readonly all?: boolean;
  /** Only these files, with card and licence. */
  readonly only?: readonly string[];
  readonly onProgress?: (progress: PullProgress) => void;
  readonly signal?: AbortSignal;
  readonly retry?: RetryPolicy;
}

export interface Pulled {
  readonly kind: RepoKind;
  readonly name: string;
  readonly commit: string;
  /** Where the files are. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Files that were there already. */
  readonly filesKept: number;
  /** Files of the repository that were not wanted. */
  readonly filesSkipped: number;
}

/**
 * Fetches a model or dataset of a Hugging Face hub into its cache or a folder. Finished files are not fetched again, broken
 * transfers go on where they were, and every file is checked against the checksum that the hub lists.
 * @param id `ORG/NAME` or `datasets/ORG/NAME`
 * @throws UserError if there is no such repository, or no access to it
 */
export async function pull(id: string, settings: HubSettings, options: PullOptions = {}): Promise<Pulled> {
  const { revision = 'main', to, all = false, only = [], onProgress, signal, retry = PATIENT } = options;
  checkRevision(revision);
  const repos = reposOf(id);
  if (settings.offline) throw await offline(repos, settings.cacheDir);
  const client = new HubClient(settings, retry, signal);
  const { repo, commit } = await findRepo(repos, revision, client);
  try {
    const listed = await filesOf(repo, commit, client);
    const files = only.length > 0 ? namedFiles(repo, listed, only) : chooseFiles(repo, listed, all);
    const destination =
      to === undefined ? cacheDestination(settings.cacheDir, repo, commit) : folderDestination(resolve(to));
    const filesKept = await fetchAll(client, repo, commit, files, destination, onProgress);
    await destination.finish(revision, commit);
    return {
      ...repo,
      commit,
      folder: destination.folder,
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      filesKept,
      filesSkipped: listed.length - files.length,
    };
  } catch (error) {
    throw explain(error, repo, settings.endpoint, settings.token !== undefined, revision);
  }
}

/** The first of the repositories that the hub knows. */
async function findRepo(
  repos: readonly Repo[],
  revision: string,
  client: HubClient,
): Promise<{ readonly repo: Repo; readonly commit: string }> {
  const { endpoint, token } = client.settings;
  let first: unknown;
  for (const repo of repos) {
    try {
      return { repo, commit: await commitOf(repo, revision, client) };
    } catch (error) {
      const told = explain(error, repo, endpoint, token !== undefined, revision);
      if (!isUnknownRepo(error)) throw told;
      first ??= told;
    }
  }
  throw first;
}

/** Returns how many files were there already. */
async function fetchAll(
  client: HubClient,
  repo: Repo,
  commit: string,
  files: readonly RepoFile[],
  destination: Destination,
  onProgress: PullOptions['onProgress'],
): Promise<number> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytesBefore = 0;
  let kept = 0;
  for (const [filesDone, file] of files.entries()) {
    const tell = (now: number, done = filesDone) =>
      onProgress?.({ path: file.path, files: files.length, filesDone: done, bytes, bytesDone: bytesBefore + now });
    if (await destination.has(file)) kept++;
    else {
      await downloadFile(client, fileUrl(client, repo, commit, file), file, destination.partial(file), tell);
      await destination.keep(file);
    }
    tell(file.bytes, filesDone + 1);
    bytesBefore += file.bytes;
  }
  return kept;
}

function fileUrl({ settings: { endpoint } }: HubClient, repo: Repo, commit: string, { path }: RepoFile): string {
  return `${endpoint}/${repoPath(repo)}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

async function offline(repos: readonly Repo[], cacheDir: string): Promise<UserError> {
  for (const repo of repos) {
    const snapshots = join(repoCache(cacheDir, repo), 'snapshots');
    const found = existsSync(snapshots) ? await readdir(snapshots) : [];
    if (found.length > 0) {
      return new UserError(`HF_HUB_OFFLINE is set, so nothing is fetched; the cache has ${join(snapshots, found[0]!)}`);
    }
  }
  return new UserError(`HF_HUB_OFFLINE is set, so nothing is fetched, and the cache does not have '${repos[0]!.name}'`);
}
