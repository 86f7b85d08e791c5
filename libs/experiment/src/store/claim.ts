import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoName, isKnownDead, isOwn, ownIdentity } from '@gmoe/core';
import { z } from 'zod';
import { FORMAT_VERSION } from '../records/index.js';
import { linkExclusively, makeFolderIn, readJson, readText, removeFile } from './files.js';
import { guardStore, toStoreError } from './store-error.js';

/** Who works on a trial. Saves double work only: correctness comes from publishing by an exclusive link. */
export const claimSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  attempt: z.string(),
  owner: z.strictObject({
    host: z.string().describe('machine, its boot and its process namespace'),
    pid: z.int(),
    started: z.string().describe('start time in the kernel’s ticks; tells a reused pid apart'),
  }),
});

export type Claim = z.output<typeof claimSchema>;

const claimFile = (trialFolder: string): string => join(trialFolder, 'claim.json');

export function attemptFolder(trialFolder: string, attempt: string): string {
  return join(trialFolder, 'attempts', attempt);
}

export function heartbeatFile(trialFolder: string, attempt: string): string {
  return join(attemptFolder(trialFolder, attempt), 'heartbeat');
}

/** Attempts of this process that hold a claim. */
const held = new Set<string>();

/** Whether nobody works under a claim: its process is gone, or it is this one, which has given the attempt up. */
export function isAbandoned(claim: Claim): boolean {
  return isKnownDead(claim.owner) || (isOwn(claim.owner) && !held.has(claim.attempt));
}

/** The present claim; one that cannot be read counts as none, since it is not worth failing a sweep. */
export function readClaim(trialFolder: string): Claim | undefined {
  try {
    return readJson(claimFile(trialFolder), claimSchema);
  } catch {
    return undefined;
  }
}

/**
 * Claims a trial for an attempt.
 *
 * @param mayTakeOver whether a claim in the way may be displaced
 * @returns whether the claim is ours now.
 */
export function takeClaim(trialFolder: string, attempt: string, mayTakeOver: (claim: Claim) => boolean): boolean {
  const taken = tryClaim(trialFolder, attempt, mayTakeOver);
  if (taken) held.add(attempt);
  return taken;
}

function tryClaim(trialFolder: string, attempt: string, mayTakeOver: (claim: Claim) => boolean): boolean {
  const draft = join(trialFolder, `.claim-${attempt}`);
  const claim: Claim = { formatVersion: FORMAT_VERSION, attempt, owner: ownIdentity() };
  guardStore(draft, () => writeFileSync(draft, JSON.stringify(claim)));
  try {
    if (linkExclusively(draft, claimFile(trialFolder))) return true;
    const present = readClaim(trialFolder);
    if (present) {
      if (!mayTakeOver(present)) return false;
      removeClaim(trialFolder, present.attempt, 'claim.lost.json');
    } else if (readText(claimFile(trialFolder)) !== undefined) {
      guardStore(trialFolder, () => removeFile(claimFile(trialFolder)));
    }
    return linkExclusively(draft, claimFile(trialFolder));
  } finally {
    guardStore(draft, () => removeFile(draft));
  }
}

export function releaseClaim(trialFolder: string, attempt: string): void {
  held.delete(attempt);
  if (readClaim(trialFolder)?.attempt === attempt) removeClaim(trialFolder, attempt, 'claim.released.json');
}

/**
 * Moves an attempt's claim into its folder. Between the look at the claim and the move another may have claimed the
 * trial; then that claim is put back.
 */
function removeClaim(trialFolder: string, attempt: string, into: string): void {
  const moved = join(makeFolderIn(trialFolder, 'attempts', attempt), into);
  try {
    renameSync(claimFile(trialFolder), moved);
  } catch (error) {
    if (errnoName(error) === 'ENOENT') return;
    throw toStoreError(claimFile(trialFolder), error);
  }
  const taken = readJson(moved, claimSchema);
  if (taken && taken.attempt !== attempt) linkExclusively(moved, claimFile(trialFolder));
}

/**
 * Tells stale claims. A claim is stale if its process is known to be gone, or if its heartbeat has not changed for a
 * while *as seen from here*: clocks of other machines, and steps of our own, play no part.
 */
export class ClaimObserver {
  private readonly seen = new Map<string, { readonly state: string; readonly since: number }>();

  /**
   * @param staleSeconds how long a heartbeat must stand still
   * @param monotonic milliseconds on a clock that never jumps
   */
  constructor(
    private readonly staleSeconds = 60,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  isStale(trialFolder: string, claim: Claim): boolean {
    if (isAbandoned(claim)) return true;
    const state = `${claim.attempt}/${readText(heartbeatFile(trialFolder, claim.attempt)) ?? ''}`;
    const now = this.monotonic();
    const before = this.seen.get(trialFolder);
    if (before?.state === state) return now - before.since >= this.staleSeconds * 1000;
    this.seen.set(trialFolder, { state, since: now });
    return false;
  }
}
