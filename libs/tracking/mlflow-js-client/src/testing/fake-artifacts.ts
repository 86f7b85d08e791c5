import { createHash, randomUUID } from 'node:crypto';
import { FakeError, invalid, type FakeStore } from './fake-store.js';

interface ArtifactRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
  readonly multipart: boolean;
}
type Send = (status: number, content: unknown, headers?: Record<string, string>) => void;

const uploads = new Map<string, Map<number, Buffer>>();

/** The artifact proxy, and the signed part addresses of an object store behind it. */
export function answerArtifacts(store: FakeStore, request: ArtifactRequest, send: Send): void {
  const { url, body } = request;
  const part = /^\/parts\/([\w-]+)\/(\d+)$/.exec(url.pathname);
  if (part) {
    uploads.get(part[1]!)!.set(Number(part[2]), body);
    return send(200, '', { etag: createHash('md5').update(body).digest('hex') });
  }
  const multipart = /^\/api\/2\.0\/mlflow-artifacts\/mpu\/(create|complete|abort)\/(.+)$/.exec(url.pathname);
  if (multipart) return answerMultipart(store, request, multipart[1]!, decodePath(multipart[2]!), send);
  const root = '/api/2.0/mlflow-artifacts/artifacts';
  if (url.pathname === root)
    return send(200, { files: listFolder(store, decodePath(url.searchParams.get('path') ?? ''), '', false) });
  const path = decodePath(url.pathname.slice(root.length + 1));
  if (request.method === 'PUT') {
    store.artifacts.set(path, body);
    return send(200, {});
  }
  const found = store.artifacts.get(path);
  if (!found)
    throw new FakeError(
      500,
      'INTERNAL_ERROR',
      `The following failures occurred while downloading one or more artifacts: [Errno 2] No such file or directory: '${path}'`,
    );
  return send(200, found);
}

function answerMultipart(store: FakeStore, request: ArtifactRequest, step: string, path: string, send: Send): void {
  if (!request.multipart)
    throw new FakeError(
      501,
      'NOT_IMPLEMENTED',
      'Multipart upload is not supported for the current artifact repository',
    );
  const json = JSON.parse(request.body.toString()) as {
    num_parts: number;
    upload_id: string;
    parts: { part_number: number; etag: string }[];
  };
  if (step === 'create') {
    const id = randomUUID();
    uploads.set(id, new Map());
    const credentials = Array.from({ length: json.num_parts }, (_, index) => ({
      url: `${request.url.origin}/parts/${id}/${index + 1}`,
      part_number: index + 1,
      headers: {},
    }));
    return send(200, { upload_id: id, credentials });
  }
  const parts = uploads.get(json.upload_id)!;
  uploads.delete(json.upload_id);
  if (step === 'complete') {
    const bytes = json.parts.map(({ part_number, etag }) => {
      const bytes = parts.get(part_number);
      if (!bytes || createHash('md5').update(bytes).digest('hex') !== etag)
        throw invalid(`part ${part_number} does not match`);
      return bytes;
    });
    store.artifacts.set(path, Buffer.concat(bytes));
  }
  return send(200, {});
}

/** Entries of `root/folder`, with paths relative to `root` (or to the folder). A size of 0 is left out. */
export function listFolder(store: FakeStore, root: string, folder: string, fromRoot: boolean): unknown[] {
  const base = `${[root, folder].filter(Boolean).join('/')}/`;
  const entries = new Map<string, unknown>();
  for (const [path, bytes] of store.artifacts) {
    if (!path.startsWith(base)) continue;
    const [first, ...rest] = path.slice(base.length).split('/') as [string, ...string[]];
    const shown = fromRoot && folder !== '' ? `${folder}/${first}` : first;
    entries.set(
      first,
      rest.length > 0
        ? { path: shown, is_dir: true }
        : { path: shown, is_dir: false, ...(bytes.length > 0 && { file_size: bytes.length }) },
    );
  }
  return [...entries.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

/** Decoded again and again as the server does; what could leave the folder is refused. */
function decodePath(encoded: string): string {
  let path = encoded;
  for (let n = 0; n < 10; n++) {
    const decoded = decodeURIComponent(path);
    if (decoded === path) break;
    path = decoded;
  }
  if (path.includes('#') || path.startsWith('/') || path.split('/').includes('..')) throw invalid('Invalid path');
  return path;
}
