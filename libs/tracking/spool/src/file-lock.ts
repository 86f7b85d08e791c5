import { linkSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { isAlive, ownIdentity, type ProcessIdentity } from '@gmoe/core';

/** A lock whose holder on another machine has not renewed it for this long is taken over. */
const STALE_MS = 60_000;

export interface FileLock {
  /** Tells others that the holder lives. */
  renew(): void;
  release(): void;
}

let serial = 0;

/**
 * One holder at a time for a file, across processes. A lock left by a dead process is taken over: at once if it ran on
 * this machine, after a minute without renewal if it did not.
 *
 * @returns undefined if another process holds it
 */
export function tryLock(file: string): FileLock | undefined {
  const mine = `${file}.${process.pid}.${serial++}`;
  writeFileSync(mine, JSON.stringify(ownIdentity()));
  try {
    if (!tryLink(mine, file)) {
      if (!isStale(file)) return undefined;
      // Only one may clear a stale lock, and must look again when it is the one.
      const clearing = `${file}.clearing`;
      if (!tryLink(mine, clearing)) {
        if (isStale(clearing)) rmSync(clearing, { force: true });
        return undefined;
      }
      try {
        if (isStale(file)) rmSync(file, { force: true });
        if (!tryLink(mine, file)) return undefined;
      } finally {
        rmSync(clearing, { force: true });
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    renew: () => {
      const now = new Date();
      try {
        utimesSync(file, now, now);
      } catch {
        // removed by hand: the next holder will be another
      }
    },
    release: () => {
      try {
        unlinkSync(file);
      } catch {
        // removed by hand
      }
    },
  };
}

/** Linking a complete file is atomic, also on network file systems. */
function tryLink(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(file: string): boolean {
  try {
    const alive = isAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity);
    return alive === undefined ? Date.now() - statSync(file).mtimeMs > STALE_MS : !alive;
  } catch (error) {
    // Gone meanwhile: not stale, just free; unreadable: nobody's.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
