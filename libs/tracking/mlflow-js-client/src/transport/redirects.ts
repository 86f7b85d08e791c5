import { UnexpectedAnswerError } from '../errors.js';

const MOST_HOPS = 5;

export interface RedirectPolicy {
  /** Whether an answer may come from another host (an object store), which then gets none of our headers. */
  readonly otherHosts: boolean;
}

/**
 * `fetch` that follows redirects itself: fetch's own turns a POST into a GET, and what it sends to another host it does not
 * say. Followed are GETs; other methods only where the server asks for the same method on the same host (307, 308).
 *
 * @throws UnexpectedAnswerError naming the address to use instead
 */
export async function fetchFollowing(
  send: typeof fetch,
  url: string,
  init: RequestInit & { readonly method?: string },
  what: string,
  { otherHosts }: RedirectPolicy,
): Promise<Response> {
  let at = url;
  let headers = init.headers;
  for (let hop = 0; hop <= MOST_HOPS; hop++) {
    const response = await send(at, { ...init, ...(headers && { headers }), redirect: 'manual' });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, at);
    const sameHost = next.origin === new URL(at).origin;
    const keepsMethod = init.method === 'GET' || init.method === undefined || (sameHost && response.status >= 307);
    if (!keepsMethod || (!sameHost && !otherHosts)) {
      throw new UnexpectedAnswerError(
        `${what}: the server redirects to ${addressOf(next, url)}; set the tracking address (MLFLOW_TRACKING_URI) to that`,
      );
    }
    if (!sameHost) headers = undefined;
    at = next.href;
  }
  throw new UnexpectedAnswerError(`${what}: the server redirects in a circle`);
}

/** Where the server itself is, from where one of its paths was moved to; without credentials and queries. */
function addressOf(next: URL, asked: string): string {
  const { pathname } = new URL(asked);
  const api = pathname.search(/\/(?:ajax-)?api\//);
  const path = api >= 0 ? pathname.slice(api) : pathname;
  const moved = `${next.origin}${next.pathname}`;
  return moved.endsWith(path) ? moved.slice(0, -path.length) : moved;
}
