import { stableHash } from '@gmoe/core';
import type { TrialConfigFile } from '../records/index.js';
import { identityHash, type TrialIdentity } from '../spec/identity.js';
import { StoreError } from './store-error.js';

/** @throws StoreError if a trial's config or identity is not the one that its hash was made of */
export function checkUnedited(
  file: string,
  hash: string,
  { config, configDigest, identity, ...stored }: TrialConfigFile,
): void {
  const actual = identity ? identityHash(identity as unknown as TrialIdentity) : stored.hash;
  if (actual === hash && stored.hash === hash && configDigest === stableHash(config)) return;
  throw new StoreError(
    `${file}: was edited${identity ? '' : ' or is of an earlier version'}: it is no longer trial ${hash.slice(0, 16)} (now ${(actual === hash ? stableHash(config) : actual).slice(0, 16)}); undo the edit, or move the folder away and run the sweep again`,
  );
}

/** Whether it is whole; a file that a crash left torn is not. */
export function isJson(text: string | undefined): boolean {
  try {
    return text !== undefined && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}
