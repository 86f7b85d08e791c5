import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import { rerun, stopTrial, SweepStore } from '@gmoe/experiment';
import { findSweeps } from './find-sweeps.js';
import { sweepAnswer, sweepEntries } from './sweep-answers.js';
import { curveSince, logTail } from './trial-files.js';
import { uiPage } from './ui-page.js';

export interface UiOptions {
  /** Folder below which the sweeps lie. */
  readonly folder: string;
  /** Port; default: a free one. */
  readonly port?: number | undefined;
  /** The page's program, as the build makes it. */
  readonly program: string;
  /** Starts a process that runs the open trials of a store. */
  readonly startWorker: (storeFolder: string) => void;
  /** The report of a store as a page. */
  readonly renderReport: (storeFolder: string) => Promise<string>;
}

export interface UiServer {
  /** Address with its token. */
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Serves a page over all sweeps of a folder, on loopback only. Who has no token gets nothing. It keeps no state: every answer is read
 * from the stores, and what it changes is changed by the functions that the commands use.
 */
export async function serveUi(options: UiOptions): Promise<UiServer> {
  const token = randomBytes(24).toString('base64url');
  const root = resolve(options.folder);
  const server = createServer((request, response) => {
    answer(request, options, root, token).then(
      ({ status = 200, type = 'application/json; charset=utf-8', body, headers = {} }) =>
        send(response, status, type, body, headers),
      (error: unknown) => {
        const status = error instanceof UiError ? error.status : error instanceof UserError ? 409 : 500;
        send(response, status, 'application/json; charset=utf-8', JSON.stringify({ error: messageOf(error) }), {});
      },
    );
  });
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'EADDRINUSE'
          ? new UserError(`--port: ${options.port!} is taken; leave it out for a free one`)
          : error,
      ),
    );
    server.listen(options.port ?? 0, HOST, done);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}/?token=${token}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

class UiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const json = (value: unknown): Answer => ({ body: JSON.stringify(value) });

async function answer(request: IncomingMessage, options: UiOptions, root: string, token: string): Promise<Answer> {
  // A page of another site may reach loopback by a name of its own.
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (host !== HOST && host !== 'localhost') throw new UiError(403, 'this address is not served');
  const { pathname, searchParams: query } = new URL(request.url ?? '/', `http://${HOST}`);
  const sent = request.headers['x-gmoe-token'] ?? query.get('token') ?? '';
  if (!sameText(String(sent), token))
    throw new UiError(403, 'the token is missing or wrong; open the address that gmoe ui printed');
  if (request.method === 'POST') {
    // Forms of other sites cannot set this header.
    if (request.headers['x-gmoe-token'] === undefined) throw new UiError(403, 'the token must be a header here');
    return change(pathname, query, options, root);
  }
  if (request.method !== 'GET') throw new UiError(405, 'GET and POST only');
  switch (pathname) {
    case '/': {
      const { page, policy } = uiPage(options.program);
      return { type: 'text/html; charset=utf-8', body: page, headers: { 'content-security-policy': policy } };
    }
    case '/api/sweeps':
      return json({ folder: root, sweeps: sweepEntries(root, findSweeps(root)) });
    case '/api/sweep':
      return json(sweepAnswer(root, sweepPath(root, query)));
    case '/api/curve': {
      const since = { attempt: query.get('attempt') ?? '', offset: Number(query.get('offset') ?? 0) };
      return json(curveSince(storeOf(root, query), hashOf(root, query), since));
    }
    case '/api/log':
      return json(logTail(storeOf(root, query), hashOf(root, query)));
    case '/report':
      return {
        type: 'text/html; charset=utf-8',
        body: await options.renderReport(join(root, sweepPath(root, query))),
      };
    default:
      throw new UiError(404, `${pathname}: nothing is there`);
  }
}

function change(pathname: string, query: URLSearchParams, options: UiOptions, root: string): Answer {
  const store = storeOf(root, query);
  switch (pathname) {
    case '/api/stop':
      stopTrial(store, hashOf(root, query));
      return json({ done: true });
    case '/api/rerun':
      rerun(store, hashOf(root, query));
      options.startWorker(store.folder);
      return json({ done: true });
    case '/api/run':
      options.startWorker(store.folder);
      return json({ done: true });
    default:
      throw new UiError(404, `${pathname}: nothing is there`);
  }
}

/** Only what was found below the folder is served: a path cannot lead out of it. */
function sweepPath(root: string, query: URLSearchParams): string {
  const path = query.get('sweep') ?? '';
  if (!findSweeps(root).includes(path)) throw new UiError(404, `${path}: no sweep lies there`);
  return path;
}

function storeOf(root: string, query: URLSearchParams): SweepStore {
  return SweepStore.open(join(root, sweepPath(root, query)));
}

function hashOf(root: string, query: URLSearchParams): string {
  const hash = query.get('trial') ?? '';
  const found = storeOf(root, query)
    .manifest()
    .trials.find((trial) => trial.hash === hash);
  if (!found) throw new UiError(404, 'the sweep has no such trial');
  return found.hash;
}

function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...headers,
  });
  response.end(body);
}
