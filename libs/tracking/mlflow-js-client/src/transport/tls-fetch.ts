import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResolvedClientOptions } from './options.js';

type Tls = NonNullable<ResolvedClientOptions['tls']>;

/**
 * A `fetch` over node:https with its own certificates, which the built-in one cannot take. It knows what this client
 * needs of fetch: method, headers, text or Blob bodies, signal; redirects are not followed.
 */
export function tlsFetch(tls: Tls): typeof fetch {
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.caFile !== undefined && { ca: readFileSync(tls.caFile) }),
    ...(tls.certFile !== undefined && {
      cert: readFileSync(tls.certFile),
      key: readFileSync(tls.keyFile ?? tls.certFile),
    }),
  });
  return async (input, init = {}) => {
    const body = init.body as string | Blob | null | undefined;
    const headers = Object.fromEntries(new Headers(init.headers));
    if (body != null)
      headers['content-length'] = String(typeof body === 'string' ? Buffer.byteLength(body) : body.size);
    return new Promise<Response>((resolve, reject) => {
      const outgoing = request(
        String(input),
        { agent, method: init.method ?? 'GET', headers, ...(init.signal && { signal: init.signal }) },
        (incoming) => {
          const status = incoming.statusCode ?? 0;
          const answerHeaders = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          const stream =
            status === 204 || status === 304 ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
          resolve(new Response(stream, { status, headers: answerHeaders }));
        },
      );
      outgoing.on('error', reject);
      if (body == null) outgoing.end();
      else if (typeof body === 'string') outgoing.end(body);
      else pipeline(Readable.fromWeb(body.stream() as never), outgoing).catch(reject);
    });
  };
}
