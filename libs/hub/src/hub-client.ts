import { messageOf, proxyFetch, proxyVariable, redact } from '@gmoe/core';
import { boundedAnswer } from './bounded-answer.js';
import { HubResponseError, isPassing, TransferError } from './hub-error.js';
import type { HubSettings } from './hub-settings.js';

/** How often a request is made before it counts as failed, and how to wait in between. */
export interface RetryPolicy {
  readonly attempts: number;
  /** Waits this many milliseconds; rejects if the signal is given. */
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** Errors of a machine without network, or of a wrong address. */
const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN']);

/**
 * Requests to one hub: the token goes to the hub's own host only, passing failures are tried again with growing waits, and
 * refusals become `HubResponseError`.
 */
export class HubClient {
  private reached = false;
  private readonly send = proxyFetch();

  constructor(
    readonly settings: HubSettings,
    private readonly policy: RetryPolicy,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** As the global `fetch`, for requests to the hub's API, whose answers are read at once and have an end. */
  readonly fetch: typeof fetch = (input, init) =>
    this.retrying(async () => boundedAnswer(String(input), await this.request(String(input), init ?? {})));

  /** Runs `attempt` until it succeeds, fails for good, or has failed too often; `advanced` tells of progress in between. */
  async retrying<T>(attempt: () => Promise<T>, advanced: () => boolean = () => false): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await attempt();
      } catch (error) {
        this.signal?.throwIfAborted();
        if (!isPassing(error)) throw error;
        if (advanced()) failures = 1;
        if (failures >= this.policy.attempts) {
          throw new Error(`${messageOf(error)}; gave up after ${failures} attempts`, { cause: error });
        }
        const asked = error instanceof HubResponseError ? error.retryAfter : undefined;
        const pause = asked === undefined ? FIRST_WAIT * 2 ** (failures - 1) : 1000 * asked;
        await this.policy.wait(Math.min(pause, LONGEST_WAIT), this.signal);
      }
    }
  }

  /** One request, redirects followed. @throws HubResponseError, TransferError */
  async request(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    // fetch itself drops the header on a redirect to another host.
    if (this.settings.token && new URL(url).origin === new URL(this.settings.endpoint).origin) {
      headers.set('authorization', `Bearer ${this.settings.token}`);
    }
    // A caller with its own signal watches the time itself.
    const limit = init.signal ?? AbortSignal.timeout(this.settings.idleTimeout);
    const signal = this.signal ? AbortSignal.any([this.signal, limit]) : limit;
    let response: Response;
    try {
      response = await this.send(url, { ...init, headers, signal });
    } catch (error) {
      this.signal?.throwIfAborted();
      throw this.unreached(url, error);
    }
    this.reached = true;
    this.refuseRedirected(init.method ?? 'GET', url, response);
    if (response.ok) return response;
    await response.body?.cancel();
    throw new HubResponseError(
      url.replace(/\?.*/s, ''),
      response.status,
      response.headers.get('x-error-code') ?? '',
      seconds(response.headers.get('retry-after')),
    );
  }

  /** A redirect makes GET of what was sent: then the answer is to another question. */
  private refuseRedirected(method: string, url: string, response: Response): void {
    if (!response.redirected || method === 'GET' || method === 'HEAD') return;
    throw new Error(
      `${redact(url)}: the hub redirects a ${method} to ${new URL(response.url).origin}; set HF_ENDPOINT to that`,
    );
  }

  private unreached(url: string, error: unknown): Error {
    const cause = (error as { cause?: unknown }).cause ?? error;
    const { code } = cause as { code?: string };
    const proxy = proxyVariable(url);
    const reason = `${messageOf(cause) || code || 'no answer'}${proxy === undefined ? '' : `; by the proxy of ${proxy}`}`;
    if (!this.reached && UNREACHABLE.has(code ?? '')) {
      return new Error(
        `${this.settings.endpoint}: cannot be reached (${reason}); pulling needs a network, HF_ENDPOINT names another hub`,
        { cause: error },
      );
    }
    return new TransferError(`${new URL(url).origin}: ${reason}`, { cause: error });
  }
}

function seconds(header: string | null): number | undefined {
  if (header === null || !/^\d+$/.test(header)) return undefined;
  return Number(header);
}

/** Five attempts, waiting on the clock. */
export const PATIENT: RetryPolicy = {
  attempts: 5,
  wait: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal!.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, milliseconds);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
