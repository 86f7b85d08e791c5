import { isAlive, UserError } from '@gmoe/core';
import { readClaim } from './claim.js';
import type { SweepStore } from './sweep-store.js';

/** Whether the trial's process runs on this machine. */
export function canStop(store: SweepStore, hash: string): boolean {
  const claim = readClaim(store.trialFolder(hash));
  return claim !== undefined && isAlive(claim.owner) === true;
}

/**
 * Asks the process that runs a trial to save a checkpoint and end, as Ctrl-C asks all. The trial is open then, and goes on from there
 * when somebody runs it.
 *
 * @throws UserError if it does not run, or runs on another machine
 */
export function stopTrial(store: SweepStore, hash: string): void {
  const claim = readClaim(store.trialFolder(hash));
  const alive = claim && isAlive(claim.owner);
  if (!claim || alive === false || store.isPublished(hash)) {
    throw new UserError(`trial ${hash.slice(0, 16)}: does not run`);
  }
  if (!alive) {
    throw new UserError(`trial ${hash.slice(0, 16)}: runs on ${claim.owner.host.split('/')[0]!}; stop it from there`);
  }
  process.kill(claim.owner.pid, 'SIGTERM');
}
