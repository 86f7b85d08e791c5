import type * as Undici from 'undici';
import { messageOf, UserError } from '../user-error.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Certificates beyond what Node trusts by itself, as PEM. */
export interface TlsSettings {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

/** The variable that names a proxy for an address, e.g. HTTPS_PROXY; undefined if none does. */
export function proxyVariable(url: string, env: Environment = process.env): string | undefined {
  const https = url.startsWith('https:');
  const names = https ? ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return [...names, 'all_proxy', 'ALL_PROXY'].find((name) => Boolean(env[name]));
}

/**
 * A `fetch` that goes through the proxies of HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, but for the hosts of NO_PROXY; Node's own
 * does not read them. Without any of them, and without `tls`, it is the global one.
 *
 * @throws UserError on the first request if a variable holds no address
 */
export function proxyFetch(env: Environment = process.env, tls?: TlsSettings): typeof fetch {
  if (proxyVariable('https:', env) === undefined && !tls) return (input, init) => fetch(input, init);
  let ready: ReturnType<typeof load> | undefined;
  return async (input, init) => {
    const { request, dispatcher } = await (ready ??= load(env, tls));
    return request(input, { ...init, dispatcher });
  };
}

/** A request that only a program sends. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Bytes of an answer beyond which it is refused. */
  readonly largestAnswer: number;
}

/**
 * One HTTP request through the proxies of the environment, without the `Sec-Fetch` headers that `fetch` always sends: some servers
 * take a request that has them for one of a browser. Redirects are not followed.
 */
export async function plainRequest(
  url: string,
  { timeoutMs, largestAnswer, ...options }: PlainRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const { request } = await loadUndici();
  const proxied = proxyVariable(url) !== undefined;
  const { statusCode, body } = await request(url, {
    ...options,
    signal: AbortSignal.timeout(timeoutMs),
    ...(proxied ? { dispatcher: (await load(process.env, undefined)).dispatcher } : {}),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestAnswer) throw new UserError(`an answer of more than ${largestAnswer} bytes`);
    chunks.push(chunk);
  }
  return { status: statusCode, text: Buffer.concat(chunks).toString('utf8') };
}

type Request = (input: unknown, init: unknown) => Promise<Response>;

/** A package in CommonJS: as a part of the built program it has a default export alone. */
const loadUndici = async () => (await import('undici')).default as unknown as typeof Undici;

/** Loaded when it is needed: most runs never are. */
async function load(env: Environment, tls: TlsSettings | undefined) {
  const { EnvHttpProxyAgent, fetch: undiciFetch } = await loadUndici();
  const of = (name: string): string =>
    env[name.toLowerCase()] || env[name] || env['all_proxy'] || env['ALL_PROXY'] || '';
  const options = {
    httpProxy: of('HTTP_PROXY'),
    httpsProxy: of('HTTPS_PROXY'),
    noProxy: env['no_proxy'] || env['NO_PROXY'] || '',
    // Plain http is asked of the proxy itself: many allow no tunnel to other ports than https's.
    proxyTunnel: false,
    ...(tls && { connect: { ...tls }, requestTls: { ...tls } }),
  };
  try {
    return { request: undiciFetch as unknown as Request, dispatcher: new EnvHttpProxyAgent(options as never) };
  } catch (error) {
    const name = proxyVariable('https:', env) ?? 'HTTPS_PROXY';
    throw new UserError(`${name}: must be the http:// or https:// address of a proxy (${messageOf(error)})`);
  }
}
