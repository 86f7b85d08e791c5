import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where copies of models are kept: `GMOE_CACHE`, else `gmoe` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['GMOE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gmoe');
}
