import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redact, userCache, UserError } from '@gmoe/core';

/** Where the hub is and how to speak to it. */
export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token?: string;
  /** Folder of the cache that Hugging Face's own tools share. */
  readonly cacheDir: string;
  readonly offline: boolean;
  /** Milliseconds without a byte after which a transfer is begun anew. */
  readonly idleTimeout: number;
}

const ENDPOINT = 'https://huggingface.co';
const IDLE_SECONDS = 30;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings by the environment variables of Hugging Face's tools: HF_ENDPOINT, HF_TOKEN (else the token that `hf auth login`
 * stored), HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT (seconds).
 * @throws UserError naming the variable that holds something else
 */
export function hubSettings(env: Environment): HubSettings {
  const home = env['HF_HOME'] || join(userCache(env, 'HF_HOME'), 'huggingface');
  const token = (env['HF_TOKEN'] || storedToken(env['HF_TOKEN_PATH'] || join(home, 'token')))?.trim();
  if (token && !/^[\x21-\x7e]+$/.test(token)) throw new UserError('HF_TOKEN: holds spaces or characters beyond ASCII');
  return {
    endpoint: endpoint(env['HF_ENDPOINT'] || ENDPOINT),
    ...(token ? { token } : {}),
    cacheDir: env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    offline: ['1', 'true', 'yes', 'on'].includes((env['HF_HUB_OFFLINE'] ?? '').toLowerCase()),
    idleTimeout: 1000 * seconds(env['HF_HUB_DOWNLOAD_TIMEOUT']),
  };
}

function endpoint(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UserError(`HF_ENDPOINT: '${redact(text)}' is not an address; allowed: https://HOST or http://HOST`);
  }
  return text.replace(/\/+$/, '');
}

function seconds(text: string | undefined): number {
  if (!text) return IDLE_SECONDS;
  const value = Number(text);
  if (!(value > 0 && value < 86_400)) {
    throw new UserError(`HF_HUB_DOWNLOAD_TIMEOUT: '${text}' is not a number of seconds above 0`);
  }
  return value;
}

function storedToken(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
