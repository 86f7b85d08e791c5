import { join } from 'node:path';
import { userCache } from '@gmoe/core';

/**
 * Where copies of models are kept: `GMOE_CACHE`, else `gmoe` in the user's cache folder.
 * @throws UserError where neither is there
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['GMOE_CACHE'] || join(userCache(env, 'GMOE_CACHE'), 'gmoe');
}
