import { setTimeout as sleep } from 'node:timers/promises';
import { MlflowError, HttpError } from '../errors.js';

export interface RetryPolicy {
  readonly retries: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: number;
  readonly maxRetryAfterMs: number;
}

/** Statuses after which the same request may succeed. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/**
 * Wait before retry n (from 0): min(initial · 2^n, max) · (1 − jitter · random), or what the server asked for in
 * Retry-After (up to its own limit) if that is longer. Milliseconds.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, retryAfterMs = 0, random = Math.random()): number {
  const exponential = Math.min(policy.initialDelayMs * 2 ** attempt, policy.maxDelayMs) * (1 - policy.jitter * random);
  return Math.max(exponential, Math.min(retryAfterMs, policy.maxRetryAfterMs));
}

/** Retry-After in either form (seconds or a date) as milliseconds. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Runs `attempt` until it succeeds, fails for good or the retries are used up. */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MlflowError) || !error.transient || n >= policy.retries || signal?.aborted) throw error;
      const retryAfterMs = error instanceof HttpError ? error.retryAfterMs : undefined;
      await sleep(retryDelayMs(policy, n, retryAfterMs), undefined, signal ? { signal } : {}).catch(() => {
        throw error;
      });
    }
  }
}
