import { InvalidRequestError, UnsupportedError } from '../errors.js';

/** The rule that an artifact path breaks, or undefined: `/`-separated, relative, and what servers decode unharmed. */
export function artifactPathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path.length > 1000) return 'must have at most 1000 characters';
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'must be relative, without empty, . or .. parts';
  // Servers decode paths repeatedly and refuse #.
  if (/[\\#%?\u0000-\u001f\u007f]|\p{Surrogate}/u.test(path)) return 'must not hold \\ # % ? nor control characters';
  if (/^[A-Za-z]:/.test(path)) return 'must not start with a drive letter';
  return undefined;
}

export function checkArtifactPath(path: string, call: string): string {
  const problem = artifactPathProblem(path);
  if (problem !== undefined) throw new InvalidRequestError(`${call}: artifact path ${JSON.stringify(path)} ${problem}`);
  return path;
}

/**
 * Path below the proxy's root of an artifact location such as `mlflow-artifacts:/1/<run>/artifacts`.
 *
 * @throws UnsupportedError if the location is not behind the tracking server's proxy
 */
export function proxyPath(artifactUri: string): string {
  const match = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(artifactUri);
  if (!match)
    throw new UnsupportedError(
      `artifacts at ${artifactUri || '(nowhere)'} are not behind the server's proxy; start it with --serve-artifacts`,
    );
  return match[1]!.replace(/^\/+|\/+$/g, '');
}

/** Each part percent-encoded. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
