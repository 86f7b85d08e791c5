import { execFileSync } from 'node:child_process';
import { redact } from '@gmoe/core';

export interface GitState {
  readonly commit: string;
  /** '' if detached. */
  readonly branch: string;
  /** Whether tracked files were changed. */
  readonly dirty: boolean;
  /** Address of the remote `origin`, without credentials. */
  readonly repoUrl?: string;
}

/** State of the repository that a folder is in; undefined if it is in none or there is no git. */
export function readGitState(folder: string): GitState | undefined {
  const git = (...args: readonly string[]): string | undefined => {
    try {
      return execFileSync('git', args, {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 10_000,
      }).trim();
    } catch {
      return undefined;
    }
  };
  const commit = git('rev-parse', 'HEAD');
  if (!commit) return undefined;
  // A password or token in the address is nobody's business.
  const remote = git('remote', 'get-url', 'origin')?.replace(/\/\/[^/]*@/, '//');
  const repoUrl = remote && redact(remote.replace(/[?#].*$/, ''));
  return {
    commit,
    branch: git('branch', '--show-current') ?? '',
    dirty: (git('status', '--porcelain', '--untracked-files=no') ?? '') !== '',
    ...(repoUrl && { repoUrl }),
  };
}
