import { UserError } from '@gmoe/core';
import { repoPath, type Repo } from './repo-id.js';

/** The hub refused a request. */
export class HubResponseError extends Error {
  override readonly name = 'HubResponseError';

  constructor(
    readonly url: string,
    readonly status: number,
    /** The hub's own word, e.g. `RepoNotFound`, `GatedRepo`. */
    readonly code: string,
    /** Seconds to wait, where the hub says so. */
    readonly retryAfter: number | undefined,
  ) {
    super(`${url}: the hub answers ${status}${code ? ` (${code})` : ''}`);
  }
}

/** The hub was not reached, or a transfer broke off. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** Whether the same request may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof TransferError) return true;
  return error instanceof HubResponseError && ([408, 425, 429].includes(error.status) || error.status >= 500);
}

/** Whether the hub knows no such repository, or hides it. */
export function isUnknownRepo(error: unknown): boolean {
  if (!(error instanceof HubResponseError)) return false;
  if (['GatedRepo', 'RevisionNotFound', 'EntryNotFound'].includes(error.code)) return false;
  return error.status === 404 || error.status === 401;
}

/** What a user can do about a refusal; other errors as they are. */
export function explain(error: unknown, repo: Repo, endpoint: string, hasToken: boolean, revision: string): unknown {
  if (!(error instanceof HubResponseError)) return error;
  const { status, code } = error;
  const line = (text: string) => new UserError(`${repo.name}: ${text}`, { cause: error });
  if (code === 'RevisionNotFound') return line(`has no revision '${revision}'`);
  if (code === 'GatedRepo' || status === 403) {
    return line(
      hasToken
        ? `is gated, and the account of HF_TOKEN has no access: ask for it at ${endpoint}/${repoPath(repo)}`
        : `is gated: accept its terms at ${endpoint}/${repoPath(repo)} and set HF_TOKEN`,
    );
  }
  if (status === 401 && hasToken) return line('the hub does not accept HF_TOKEN, or the name is wrong');
  if (status === 401) return line(`is not at ${endpoint}, or is private: check the name, or set HF_TOKEN`);
  if (status === 404 && code === 'EntryNotFound') return line(`a file is listed but not there (${error.url})`);
  if (status === 404) return line(`is not at ${endpoint} (datasets: datasets/${repo.name})`);
  return error;
}
