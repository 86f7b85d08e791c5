import { z } from 'zod';
import {
  ConnectionError,
  HttpError,
  InvalidRequestError,
  MlflowError,
  TimeoutError,
  UnexpectedAnswerError,
} from '../errors.js';
import { problemsOf } from '../schemas/check.js';
import { LIMITS } from '../schemas/limits.js';
import type { ResolvedClientOptions } from './options.js';
import { isTransientStatus, parseRetryAfter, withRetries } from './retry.js';
import { boundedText, textUpTo } from './bounded-text.js';
import { fetchFollowing } from './redirects.js';
import { tlsFetch } from './tls-fetch.js';

/** What every call takes besides its arguments. */
export interface CallOptions {
  /** Ends the call, waits between retries included. */
  readonly signal?: AbortSignal | undefined;
}

export interface JsonRequest<Answer extends z.ZodType> extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the server's address, e.g. `/api/2.0/mlflow/runs/get`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly answer: Answer;
  /** False for what must not be done twice; default true. */
  readonly retry?: boolean;
}

export interface RawRequest extends CallOptions {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: Blob;
  readonly retry?: boolean;
}

/** What is read of an error page. */
const MOST_ERROR_BYTES = 1 << 20;

/** Slowest upload that is waited for, bytes a millisecond. */
const SLOWEST_UPLOAD = 50;

const errorBody = z.object({
  error_code: z.union([z.string(), z.number()]).transform(String),
  message: z.string().default(''),
});

/** Requests to one server: address, authentication, time limits, retries, and errors as types. */
export class Transport {
  /** Without credentials, without trailing slash. */
  readonly baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  constructor(
    readonly options: ResolvedClientOptions,
    customFetch?: typeof fetch,
  ) {
    const url = new URL(options.trackingUri);
    const fromUrl =
      url.username === ''
        ? null
        : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
    url.username = url.password = url.search = url.hash = '';
    this.baseUrl = url.href.replace(/\/+$/, '');
    this.#headers = { ...options.headers, ...authorization(options.auth ?? fromUrl) };
    this.#fetch = customFetch ?? (options.tls && url.protocol === 'https:' ? tlsFetch(options.tls) : fetch);
  }

  /** @throws InvalidRequestError, ConnectionError, TimeoutError, HttpError, UnexpectedAnswerError */
  async json<Answer extends z.ZodType>(request: JsonRequest<Answer>): Promise<z.output<Answer>> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    if (body !== undefined && Buffer.byteLength(body) > LIMITS.bodyBytes && request.path.endsWith('/log-batch'))
      throw new InvalidRequestError(
        `${request.path}: the body has ${Buffer.byteLength(body)} bytes, allowed are ${LIMITS.bodyBytes}`,
      );
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) query.set(name, String(value));
    const path = query.size > 0 ? `${request.path}?${query}` : request.path;
    const text = await this.#maybeRetrying(request, () =>
      this.#attempt(
        path,
        {
          method: request.method,
          headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) },
          ...(body !== undefined && { body }),
        },
        this.options.timeoutMs,
        request.signal,
        wholeText,
      ),
    );
    return parseAnswer(request.answer, text, `${request.method} ${request.path}`);
  }

  /** Sends bytes. @throws UnexpectedAnswerError if what answers is no JSON: a login or error page in between */
  async put(path: string, body: Blob, call: CallOptions): Promise<void> {
    await this.raw({ method: 'PUT', path, body, ...call }, async (response) => {
      const text = await boundedText(response);
      if (text.trim() !== '') parseAnswer(z.unknown(), text, 'PUT of an artifact');
    });
  }

  /** A request whose bodies are bytes; `read` takes the answer within the time limit. */
  async raw<T>(request: RawRequest, read: (response: Response) => Promise<T>): Promise<T> {
    return this.#maybeRetrying(request, () =>
      this.#attempt(
        request.path,
        { method: request.method, ...(request.body && { body: request.body }) },
        this.#transferLimitMs(request.body),
        request.signal,
        read,
      ),
    );
  }

  /** PUT of one part to an address that the server handed out (an object store's, so without our credentials). */
  async putPart(
    url: string,
    body: Blob,
    headers: Readonly<Record<string, string>>,
    call: CallOptions,
  ): Promise<Headers> {
    return withRetries(this.options.retry, call.signal, () =>
      this.#attempt(
        url,
        { method: 'PUT', body, headers },
        this.#transferLimitMs(body),
        call.signal,
        async (response) => {
          await response.arrayBuffer();
          return response.headers;
        },
      ),
    );
  }

  /** Runs steps of several requests again as a whole under the client's retry policy. */
  retrying<T>(call: CallOptions, attempt: () => Promise<T>): Promise<T> {
    return withRetries(this.options.retry, call.signal, attempt);
  }

  /** A small artifact that gets no answer is not waited for as long as a large one may take. */
  #transferLimitMs(body: Blob | undefined): number {
    const { timeoutMs, uploadTimeoutMs } = this.options;
    if (!body) return uploadTimeoutMs;
    return Math.min(uploadTimeoutMs, timeoutMs + Math.ceil(body.size / SLOWEST_UPLOAD));
  }

  #maybeRetrying<T>(request: { readonly retry?: boolean } & CallOptions, attempt: () => Promise<T>): Promise<T> {
    return request.retry === false ? attempt() : this.retrying(request, attempt);
  }

  async #attempt<T>(
    path: string,
    init: RequestInit & { headers?: Record<string, string> },
    timeoutMs: number,
    signal: AbortSignal | undefined,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const foreign = /^https?:/.test(path);
    const url = foreign ? path : this.baseUrl + path;
    const limit = AbortSignal.timeout(timeoutMs);
    const what = `${init.method} ${foreign ? new URL(path).origin : path.split('?')[0]}`;
    try {
      const response = await fetchFollowing(
        this.#fetch,
        url,
        {
          ...init,
          headers: foreign ? { ...init.headers } : { ...this.#headers, ...init.headers },
          signal: signal ? AbortSignal.any([limit, signal]) : limit,
        },
        what,
        { otherHosts: foreign || !('accept' in (init.headers ?? {})) },
      );
      if (response.status < 200 || response.status >= 300) throw await httpError(what, response);
      return await read(response);
    } catch (error) {
      if (error instanceof MlflowError) throw error;
      if (limit.aborted)
        throw new TimeoutError(`${what}: no answer from ${this.baseUrl} within ${timeoutMs} ms`, { cause: error });
      if (signal?.aborted) throw new ConnectionError(`${what}: given up on request`, { cause: error });
      throw new ConnectionError(`${what}: cannot reach ${this.baseUrl}: ${causeOf(error)}`, { cause: error });
    }
  }
}

function authorization(auth: ResolvedClientOptions['auth']): Record<string, string> {
  if (auth === null) return {};
  if ('token' in auth) return { authorization: `Bearer ${auth.token}` };
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` };
}

async function httpError(what: string, response: Response): Promise<HttpError> {
  const { text } = await textUpTo(response, MOST_ERROR_BYTES);
  let parsed: z.output<typeof errorBody> | undefined;
  try {
    parsed = errorBody.parse(JSON.parse(text));
  } catch {
    parsed = undefined;
  }
  const said = (parsed?.message ?? text.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
  return new HttpError(
    `${what}: ${response.status}${parsed ? ` ${parsed.error_code}` : ''}: ${said.slice(0, 500)}`,
    response.status,
    parsed?.error_code,
    isTransientStatus(response.status),
    parseRetryAfter(response.headers.get('retry-after')),
  );
}

/** An object that ends too early was cut on its way by a server that gave no length; it is worth another try. */
async function wholeText(response: Response): Promise<string> {
  const text = await boundedText(response);
  if (text.startsWith('{') && !text.trimEnd().endsWith('}'))
    throw new Error(`the answer ends after ${text.length} characters`);
  return text;
}

function parseAnswer<Answer extends z.ZodType>(schema: Answer, text: string, what: string): z.output<Answer> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnexpectedAnswerError(`${what}: the answer is no JSON: ${text.slice(0, 80).replace(/\s+/g, ' ')}`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = problemsOf(result.error);
  throw new UnexpectedAnswerError(`${what}: unexpected answer: ${problems[0]}`, problems);
}

/** fetch hides the reason in `cause`, sometimes in several. */
function causeOf(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause !== undefined) last = last.cause;
  if (last instanceof AggregateError && last.errors[0] instanceof Error) last = last.errors[0];
  return last instanceof Error ? last.message : String(last);
}
