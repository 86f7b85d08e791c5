import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { HttpError, InvalidRequestError } from '../errors.js';
import { check } from '../schemas/check.js';
import { runId, wireInteger } from '../schemas/values.js';
import type { CallOptions, Transport } from '../transport/transport.js';
import { checkArtifactPath, encodePath, proxyPath } from './artifact-path.js';
import { uploadInParts } from './multipart-upload.js';
import { pages, type Page } from './pages.js';

const PROXY = '/api/2.0/mlflow-artifacts/artifacts';
const wireFile = z
  .object({ path: z.string(), is_dir: z.boolean().default(false), file_size: wireInteger.optional() })
  .transform((wire) => ({
    path: wire.path,
    isDirectory: wire.is_dir,
    bytes: wire.is_dir ? undefined : (wire.file_size ?? 0),
  }));
const listing = z.object({ files: z.array(wireFile).default([]), next_page_token: z.string().optional() });

export type ArtifactEntry = z.output<typeof wireFile>;

/** Where artifacts belong: a run's or a logged model's `artifactUri`. */
export interface ArtifactOwner {
  readonly artifactUri: string;
}

/** Files of runs and logged models, through the server's artifact proxy. */
export class Artifacts {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Stores a file or bytes under `path`, replacing what is there. Files are streamed; large ones go in parts where the
   * server's store can (else in one piece).
   *
   * @returns bytes stored
   */
  async upload(
    owner: ArtifactOwner,
    path: string,
    content: { readonly file: string } | string | Uint8Array | Blob,
    call: CallOptions = {},
  ): Promise<number> {
    const target = `${proxyPath(owner.artifactUri)}/${checkArtifactPath(path, 'artifacts.upload')}`;
    // A Blob travels with its length; servers store chunked bodies as empty files without a word.
    const blob = await toBlob(content);
    if (
      blob.size >= this.#transport.options.multipart.thresholdBytes &&
      (await uploadInParts(this.#transport, target, blob, call))
    )
      return blob.size;
    await this.#transport.put(`${PROXY}/${encodePath(target)}`, blob, call);
    return blob.size;
  }

  /** Stores all files below `directory` under `path` ('' for the top). @returns the artifact paths */
  async uploadDirectory(
    owner: ArtifactOwner,
    path: string,
    directory: string,
    call: CallOptions = {},
  ): Promise<string[]> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const stored: string[] = [];
    for (const entry of entries.filter((one) => one.isFile())) {
      const file = join(entry.parentPath, entry.name);
      const relative = file.slice(join(directory, '/').length).replaceAll('\\', '/');
      const artifact = path === '' ? relative : `${path}/${relative}`;
      await this.upload(owner, artifact, { file }, call);
      stored.push(artifact);
    }
    return stored.sort();
  }

  /** @throws HttpError 404 if there is none */
  async download(owner: ArtifactOwner, path: string, call: CallOptions = {}): Promise<Uint8Array> {
    return this.#get(owner, path, call, async (response) => new Uint8Array(await response.arrayBuffer()));
  }

  /** Streams an artifact into a file, which appears only when complete. @throws HttpError 404 if there is none */
  async downloadTo(owner: ArtifactOwner, path: string, file: string, call: CallOptions = {}): Promise<void> {
    const partial = `${file}.part`;
    await mkdir(dirname(file), { recursive: true });
    try {
      await this.#get(owner, path, call, async (response) => {
        await pipeline(response.body ? Readable.fromWeb(response.body as never) : [], createWriteStream(partial));
      });
      await rename(partial, file);
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** Entries of a run's artifact folder ('' is the top), not recursive. */
  list(id: string, path = '', call: CallOptions = {}): AsyncGenerator<ArtifactEntry> {
    const query = {
      run_id: check(runId, id, 'artifacts.list'),
      path: path === '' ? undefined : checkArtifactPath(path, 'artifacts.list'),
    };
    return pages(async (page_token): Promise<Page<ArtifactEntry>> => {
      const answer = await this.#transport.json({
        method: 'GET',
        path: '/api/2.0/mlflow/artifacts/list',
        query: { ...query, page_token },
        answer: listing,
        ...call,
      });
      return { items: answer.files, nextPageToken: answer.next_page_token };
    });
  }

  /** All files of a run below `path`. */
  async *listFiles(id: string, path = '', call: CallOptions = {}): AsyncGenerator<ArtifactEntry> {
    for await (const entry of this.list(id, path, call)) {
      if (entry.isDirectory) yield* this.listFiles(id, entry.path, call);
      else yield entry;
    }
  }

  /** Entries of a folder below any owner's location, with paths relative to that folder. */
  async listOwner(owner: ArtifactOwner, path = '', call: CallOptions = {}): Promise<ArtifactEntry[]> {
    const root = proxyPath(owner.artifactUri);
    const folder = path === '' ? root : `${root}/${checkArtifactPath(path, 'artifacts.listOwner')}`;
    const answer = await this.#transport.json({
      method: 'GET',
      path: PROXY,
      query: { path: folder },
      answer: listing,
      ...call,
    });
    return answer.files;
  }

  async #get<T>(
    owner: ArtifactOwner,
    path: string,
    call: CallOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const target = `${proxyPath(owner.artifactUri)}/${checkArtifactPath(path, 'artifacts.download')}`;
    const request = { method: 'GET', path: `${PROXY}/${encodePath(target)}`, ...call } as const;
    return this.#transport.retrying(call, async () => {
      try {
        return await this.#transport.raw({ ...request, retry: false }, read);
      } catch (error) {
        // Servers answer 500 for a file that is not there.
        if (
          error instanceof HttpError &&
          error.status === 500 &&
          /No such file|does not exist|Not a directory/i.test(error.message)
        )
          throw new HttpError(`artifacts.download: no artifact '${path}'`, 404, 'RESOURCE_DOES_NOT_EXIST', false);
        throw error;
      }
    });
  }
}

async function toBlob(content: { readonly file: string } | string | Uint8Array | Blob): Promise<Blob> {
  if (content instanceof Blob) return content;
  if (typeof content === 'string' || content instanceof Uint8Array)
    return new Blob([content as Uint8Array<ArrayBuffer> | string]);
  try {
    return await openAsBlob(content.file);
  } catch (error) {
    throw new InvalidRequestError(
      `artifacts.upload: cannot read ${content.file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
