import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../user-error.js';

/**
 * The folder for a user's caches: `XDG_CACHE_HOME`, else `.cache` at home.
 * @param variable what else may name a folder, for the message
 * @throws UserError where the user has no home, as in some containers
 */
export function userCache(env: Readonly<Record<string, string | undefined>>, variable: string): string {
  if (env['XDG_CACHE_HOME']) return env['XDG_CACHE_HOME'];
  try {
    return join(homedir(), '.cache');
  } catch (error) {
    throw new UserError(`${variable}: must name a folder for copies, since this user has no home folder`, {
      cause: error,
    });
  }
}
