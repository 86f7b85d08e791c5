import { createHash } from 'node:crypto';
import { artifactPathProblem, keyProblem, LIMITS } from 'mlflow-js-client';

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Text that has a UTF-8 form: lone surrogates become U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/**
 * The key itself if MLflow takes it; else what it would take: other characters as `_`, cut to size, with a hash of the
 * original so that no two become one.
 */
export function mlflowKey(key: string): string {
  if (keyProblem(key) === undefined) return key;
  const parts = wellFormed(key)
    .replace(/[^\p{L}\p{N}_/.\- :]/gu, '_')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  const room = LIMITS.key - 9;
  const kept = cut(parts.join('/') || 'key', room).replace(/\/+$/, '');
  return `${kept}-${sha256(key).slice(0, 8)}`;
}

/** The same for artifact paths; `..` cannot leave the run's folder. */
export function mlflowArtifactPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const normal = parts.join('/');
  if (artifactPathProblem(normal) === undefined) return normal;
  const safe = wellFormed(normal)
    .split('/')
    .map((part) => (part === '..' ? '_' : part.replace(/[^\p{L}\p{N}_.\- ()+,=@]/gu, '_')))
    .join('/');
  const name = cut(safe === '' ? 'artifact' : safe, 900);
  const dot = name.lastIndexOf('.');
  const at = dot > name.lastIndexOf('/') + 1 ? dot : name.length;
  return `${name.slice(0, at)}-${sha256(path).slice(0, 8)}${name.slice(at)}`;
}

/** The value itself if it fits; else its beginning, its length, its hash and where the whole is. */
export function mlflowValue(value: string, limit: number): string {
  const text = wellFormed(value);
  if (text.length <= limit) return text;
  const note = `… [${text.length} characters, sha256 ${sha256(text).slice(0, 16)}, whole in ${OVERFLOW_ARTIFACT}]`;
  return cut(text, limit - note.length) + note;
}

/** Artifact with the whole of every value and the original of every key that MLflow could not take. */
export const OVERFLOW_ARTIFACT = 'params_overflow.json';

/** The first n UTF-16 units, not ending within a character. */
function cut(text: string, n: number): string {
  const head = text.slice(0, n);
  return /\p{Surrogate}$/u.test(head) ? head.slice(0, -1) : head;
}
