import { constants } from 'node:os';

const LINUX: readonly [number, string][] = [
  [70, 'ECOMM'],
  [108, 'ESHUTDOWN'],
  [112, 'EHOSTDOWN'],
  [116, 'ESTALE'],
  [121, 'EREMOTEIO'],
  [122, 'EDQUOT'],
  [123, 'ENOMEDIUM'],
];

/** Names by number on this machine. Node names most errors itself, but not EDQUOT and ESTALE among others. */
const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(constants.errno)
    // Of two names for one number (EAGAIN, EWOULDBLOCK) the first counts.
    .reverse()
    .map(([name, number]): [number, string] => [number, name]),
  // What Node does not list either, by Linux's numbers.
  ...(process.platform === 'linux' ? LINUX : []),
]);

/** The name of a system error, e.g. `ENOSPC`; undefined for other errors. Told by number, since Node leaves some unnamed. */
export function errnoName(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
  if (typeof errno !== 'number') return undefined;
  return NAMES.get(Math.abs(errno));
}

/**
 * Whom a system error blames. `full`: the machine, and waiting does not help (disk full, read-only, no permission);
 * `machine`: the machine, perhaps for a moment; `missing`: something that ought to be there is not; `unknown`: the system
 * does not say.
 */
export type Blame = 'full' | 'machine' | 'missing' | 'unknown';

interface Explanation {
  readonly blame: Blame;
  readonly reason: string;
}

const full = (reason: string): Explanation => ({ blame: 'full', reason });
const machine = (reason: string): Explanation => ({ blame: 'machine', reason });
const missing = (reason: string): Explanation => ({ blame: 'missing', reason });

/** What an error of the system means, in words that say what to do. */
const TABLE: Readonly<Record<string, Explanation>> = {
  ENOSPC: full('the disk is full: free some space and run again, finished trials are kept'),
  EDQUOT: full('the disk quota is used up: free some space and run again, finished trials are kept'),
  EROFS: full('the file system is read-only: choose a folder that can be written'),
  EACCES: full('no permission: choose a folder that can be written'),
  EPERM: full('not permitted: choose a folder that can be written, on a file system with hard links'),
  ENOTSUP: full('the file system has no hard links, which publishing results needs: choose another folder'),
  EOPNOTSUPP: full('the file system has no hard links, which publishing results needs: choose another folder'),
  EXDEV: full('the folder spans two file systems: keep a sweep on one'),
  EMLINK: full('the file system takes no more links to a file: choose another one'),
  EFBIG: full('the file is larger than the file system or a limit (ulimit -f) allows'),
  ENAMETOOLONG: full('the path is too long for the file system: choose a shorter folder'),
  EMFILE: machine('too many open files: raise the limit (ulimit -n)'),
  ENFILE: machine('the machine has too many open files'),
  ENOMEM: machine('the machine is out of memory'),
  ENOBUFS: machine('the machine is out of memory for network buffers'),
  EAGAIN: machine('the machine has no resources left for now (processes, memory or locks)'),
  EBUSY: machine('the device or file is busy'),
  ETXTBSY: machine('the file is busy'),
  EIO: machine('input/output error: the disk or the network file system fails'),
  EREMOTEIO: machine('input/output error on the other machine'),
  ENXIO: machine('the device is gone'),
  ENODEV: machine('the device is gone'),
  ENOMEDIUM: machine('the disk is gone'),
  ESTALE: machine('the network file system lost the file: mount it again'),
  ENOTCONN: machine('the network file system is not connected: mount it again'),
  ESHUTDOWN: machine('the network file system was shut down: mount it again'),
  ETIMEDOUT: machine('the network file system does not answer'),
  ETIME: machine('the network file system does not answer'),
  EHOSTDOWN: machine('the file server is down'),
  EHOSTUNREACH: machine('the file server cannot be reached'),
  ENETDOWN: machine('the network is down'),
  ENETUNREACH: machine('the network cannot be reached'),
  ENETRESET: machine('the network dropped the connection'),
  ECONNABORTED: machine('the connection was given up'),
  ECONNRESET: machine('the connection was cut'),
  ECONNREFUSED: machine('the file server refuses the connection'),
  ENOLINK: machine('the link to the file server is cut'),
  ECOMM: machine('the link to the file server fails'),
  EPROTO: machine('the file server answers nonsense'),
  ENOLCK: machine('the file system has no locks left'),
  EINTR: machine('the operation was interrupted'),
  ECANCELED: machine('the operation was cancelled'),
  ELOOP: machine('the path is a circle of links'),
  ENOENT: missing('no such file or folder'),
  ENOTDIR: missing('a part of the path is no folder'),
  ERR_DLOPEN_FAILED: machine('a native library cannot be loaded on this machine'),
  ERR_MODULE_NOT_FOUND: machine('a part of the program is missing on this machine'),
  MODULE_NOT_FOUND: machine('a part of the program is missing on this machine'),
};

/** What the system said, looked for through the causes of an error too. Undefined if it is no error of the system. */
export interface SystemFailure extends Explanation {
  /** e.g. `ENOSPC`. */
  readonly name: string;
  /** The file, where the system names it. */
  readonly path?: string | undefined;
}

const MOST_CAUSES = 8;

/** Finds the system's part in a failure. */
export function systemFailure(error: unknown): SystemFailure | undefined {
  let current = error;
  for (let depth = 0; depth < MOST_CAUSES && typeof current === 'object' && current !== null; depth++) {
    const { code, path } = current as NodeJS.ErrnoException;
    const name = typeof code === 'string' && code in TABLE ? code : errnoName(current);
    if (name !== undefined && Object.hasOwn(TABLE, name)) return { name, path, ...TABLE[name]! };
    const { syscall, message } = current as NodeJS.ErrnoException;
    if (syscall !== undefined) return { name: name ?? 'error', path, blame: 'unknown', reason: String(message) };
    current = (current as { cause?: unknown }).cause;
  }
  return undefined;
}
