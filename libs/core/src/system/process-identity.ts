import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names one process among all machines that share a folder. */
export interface ProcessIdentity {
  /** Machine, its boot and its process namespace. */
  readonly host: string;
  readonly pid: number;
  /** Start time in the kernel's ticks; tells a reused pid apart. Empty where the system does not say. */
  readonly started: string;
}

let ownHost: string | undefined;

/** This machine, its boot and its process namespace: pids mean the same only where all three agree. */
function hostIdentity(): string {
  return (ownHost ??= [
    hostname(),
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    attempt(() => readlinkSync('/proc/self/ns/pid')),
  ].join('/'));
}

/** Start time of a process on this machine: field 22 of its stat; undefined if it is gone. */
function startTime(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const zombie = fields[0] === 'Z' || fields[0] === 'X';
  return stat === '' || zombie ? undefined : fields[19];
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

export function ownIdentity(): ProcessIdentity {
  return { host: hostIdentity(), pid: process.pid, started: startTime(process.pid) ?? '' };
}

/** Whether an identity is that of this very process. */
export function isOwn(identity: ProcessIdentity): boolean {
  const own = ownIdentity();
  return identity.pid === own.pid && identity.host === own.host && identity.started === own.started;
}

/** Whether a process runs: undefined of processes on other machines, of which nothing is known. */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== hostIdentity()) return undefined;
  if (identity.started !== '') return startTime(identity.pid) === identity.started;
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Whether a process is known to be gone: it ran on this machine and does not any more. */
export function isKnownDead(identity: ProcessIdentity): boolean {
  return isAlive(identity) === false;
}
