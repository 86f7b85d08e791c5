import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Names one process among all machines that share a store. */
export const processIdentitySchema = z.strictObject({
  host: z.string().describe('machine, its boot and its process namespace'),
  pid: z.int(),
  started: z.string().describe('start time in the kernel’s ticks; tells a reused pid apart'),
});

export type ProcessIdentity = z.output<typeof processIdentitySchema>;

let ownHost: string | undefined;

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

/**
 * Whether a process is known to be gone: it ran on this machine and does not any more. Of processes on other machines
 * nothing is known.
 */
export function isKnownDead(identity: ProcessIdentity): boolean {
  if (identity.host !== hostIdentity()) return false;
  if (identity.started !== '') return startTime(identity.pid) !== identity.started;
  try {
    process.kill(identity.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
