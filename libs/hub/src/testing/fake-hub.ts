import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository that the server has: content by path; files from 1000 bytes on are kept as large files (LFS). */
export interface FakeRepo {
  readonly kind: 'model' | 'dataset';
  readonly name: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** Files only with the token. */
  readonly gated?: boolean;
  /** Everything only with the token; without it the repository does not exist. */
  readonly private?: boolean;
}

/** What goes wrong with one transfer of a file. */
export type Fault =
  | { readonly type: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection breaks after this many bytes of the body. */
  | { readonly type: 'reset'; readonly after: number }
  /** The body ends early, with a Content-Length that agrees with it. */
  | { readonly type: 'truncated'; readonly after: number }
  /** One byte is another. */
  | { readonly type: 'corrupt' }
  /** More comes than there should. */
  | { readonly type: 'surplus' }
  /** Nothing more comes after this many bytes, and the connection stays open. */
  | { readonly type: 'stall'; readonly after: number }
  /** The range is ignored. */
  | { readonly type: 'no-range' };

export interface SeenRequest {
  readonly host: 'hub' | 'storage';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export const TOKEN = 'hf_testing';

const sha = (algorithm: string, ...parts: (string | Buffer)[]): string => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

export const oidOf = (content: Buffer): string => sha('sha1', `blob ${content.length}\0`, content);
export const sha256Of = (content: Buffer): string => sha('sha256', content);
const isLarge = (content: Buffer): boolean => content.length >= 1000;

/**
 * A server on loopback that behaves like the Hugging Face hub: model and dataset info at a revision, the tree in pages with
 * Link headers, `resolve` with ETag, X-Linked-Etag and X-Repo-Commit, large files by a redirect to a second host, ranges, error
 * codes in X-Error-Code; and that can be told to fail.
 */
export class FakeHub {
  readonly requests: SeenRequest[] = [];
  /** Faults still to come, by path of the file; each transfer takes the first. */
  readonly faults = new Map<string, Fault[]>();
  /** Statuses with which the next requests to the API are answered. */
  readonly apiFailures: number[] = [];

  private constructor(
    private readonly hub: Server,
    private readonly storage: Server,
    readonly repos: FakeRepo[],
  ) {}

  static async start(repos: FakeRepo[]): Promise<FakeHub> {
    const hub = createServer();
    const storage = createServer();
    const fake = new FakeHub(hub, storage, repos);
    hub.on('request', (request, response) => fake.answer(request, response));
    storage.on('request', (request, response) => fake.answerStorage(request, response));
    for (const server of [hub, storage]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.hub.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const server of [this.hub, this.storage]) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  /** Transfers of files, as `path range`. */
  transfers(): string[] {
    return this.requests
      .filter(({ path, host }) => host === 'storage' || path.includes('/resolve/'))
      .map(({ path, range }) => [path.split('/').at(-1), range].filter(Boolean).join(' '));
  }

  private note(host: SeenRequest['host'], { url, headers }: IncomingMessage): URL {
    const address = new URL(url!, 'http://localhost');
    this.requests.push({
      host,
      path: address.pathname,
      range: headers.range,
      authorization: headers.authorization,
    });
    return address;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const address = this.note('hub', request);
    const authorized = request.headers.authorization === `Bearer ${TOKEN}`;
    const fail = (status: number, code: string) => {
      response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: code }));
    };
    if (request.headers.authorization !== undefined && !authorized) return fail(401, '');
    const api = /^\/api\/(model|dataset)s\/(.+?)\/(revision|tree)\/([^/]+)$/.exec(address.pathname);
    const file = /^\/(datasets\/)?(.+?)\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(address.pathname);
    if (api) {
      const failure = this.apiFailures.shift();
      if (failure !== undefined) return fail(failure, '');
    }
    const kind = api ? api[1] : file?.[1] ? 'dataset' : 'model';
    const name = api ? api[2] : file?.[2];
    const repo = this.repos.find((candidate) => candidate.kind === kind && candidate.name === name);
    if (!repo || (repo.private && !authorized))
      return authorized ? fail(404, 'RepoNotFound') : fail(401, 'RepoNotFound');
    if (api?.[3] === 'revision') {
      if (!['main', 'v1', repo.commit].includes(decodeURIComponent(api[4]!))) return fail(404, 'RevisionNotFound');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ _id: '1', id: repo.name, sha: repo.commit, private: false, gated: repo.gated }));
    } else if (api) {
      this.answerTree(repo, address, response);
    } else if (file) {
      if (repo.gated && !authorized) return fail(401, 'GatedRepo');
      const path = decodeURIComponent(file[4]!);
      const content = repo.files[path];
      if (!content || file[3] !== repo.commit) return fail(404, 'EntryNotFound');
      response.setHeader('x-repo-commit', repo.commit);
      if (!isLarge(content)) {
        response.setHeader('etag', `"${oidOf(content)}"`);
        return this.send(request, response, path, content);
      }
      const storage = `http://127.0.0.1:${(this.storage.address() as AddressInfo).port}`;
      response.writeHead(302, {
        location: `${storage}/${repo.commit}/${encodeURIComponent(path)}?signed=1`,
        'x-linked-etag': `"${sha256Of(content)}"`,
        'x-linked-size': String(content.length),
      });
      response.end();
    } else fail(404, '');
  }

  /** Two entries a page. */
  private answerTree(repo: FakeRepo, address: URL, response: ServerResponse): void {
    const folders = new Set(Object.keys(repo.files).flatMap((path) => path.split('/').slice(0, -1).slice(0, 1)));
    const entries = [
      ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: '0'.repeat(40) })),
      ...Object.entries(repo.files).map(([path, content]) => ({
        type: 'file',
        path,
        size: content.length,
        oid: isLarge(content) ? '1'.repeat(40) : oidOf(content),
        ...(isLarge(content) ? { lfs: { oid: sha256Of(content), size: content.length, pointerSize: 130 } } : {}),
      })),
    ];
    const from = Number(address.searchParams.get('cursor') ?? 0);
    if (from + 2 < entries.length) {
      const next = new URL(address.pathname + address.search, this.endpoint);
      next.searchParams.set('cursor', String(from + 2));
      response.setHeader('link', `<${next.href}>; rel="next"`);
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(entries.slice(from, from + 2)));
  }

  private answerStorage(request: IncomingMessage, response: ServerResponse): void {
    const address = this.note('storage', request);
    const [, commit, encoded] = address.pathname.split('/');
    const path = decodeURIComponent(encoded!);
    const content = this.repos.find((repo) => repo.commit === commit && repo.files[path])?.files[path];
    if (content) this.send(request, response, path, content);
    else response.writeHead(404).end();
  }

  private send(request: IncomingMessage, response: ServerResponse, path: string, whole: Buffer): void {
    const fault = this.faults.get(path)?.shift();
    if (fault?.type === 'status') return void response.writeHead(fault.status, { ...fault.headers }).end();
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range && fault?.type !== 'no-range' ? Number(range[1]) : 0;
    if (start >= whole.length && start > 0) return void response.writeHead(416).end();
    let body = whole.subarray(start);
    if (fault?.type === 'corrupt') {
      body = Buffer.from(body);
      body[body.length >> 1]! ^= 1;
    }
    if (fault?.type === 'surplus') body = Buffer.concat([body, Buffer.from('more')]);
    if (fault?.type === 'truncated') body = body.subarray(0, fault.after);
    response.writeHead(range && fault?.type !== 'no-range' ? 206 : 200, {
      'content-length': body.length,
      'accept-ranges': 'bytes',
      ...(range && fault?.type !== 'no-range'
        ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` }
        : {}),
    });
    if (fault?.type === 'reset') {
      response.write(body.subarray(0, fault.after), () => response.socket!.resetAndDestroy());
    } else if (fault?.type === 'stall') response.write(body.subarray(0, fault.after));
    else response.end(body);
  }
}
