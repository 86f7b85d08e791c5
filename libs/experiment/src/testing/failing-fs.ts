import { createRequire, syncBuiltinESMExports } from 'node:module';

type Function_ = (...args: unknown[]) => unknown;

const fs = createRequire(import.meta.url)('node:fs') as Record<string, Function_>;

/** What changes a disk, or puts it in order: synchronous calls, as the store makes them. */
const CALLS = [
  'openSync',
  'writeSync',
  'writeFileSync',
  'appendFileSync',
  'fsyncSync',
  'closeSync',
  'mkdirSync',
  'linkSync',
  'renameSync',
  'unlinkSync',
  'rmSync',
  'readdirSync',
  'statSync',
  'readSync',
  'readFileSync',
] as const;

/** An error as Node throws it; numbers that it has no name for come without one. */
export function systemError(name: string, errno: number, syscall: string, path?: string): NodeJS.ErrnoException {
  const unnamed = ['EDQUOT', 'ESTALE'].includes(name);
  const code = unnamed ? `Unknown system error -${errno}` : name;
  return Object.assign(new Error(`${code}: injected, ${syscall}`), {
    errno: -errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
  });
}

/**
 * Runs with a file system that fails from the nth call on files below a folder on, until `until` says that it is well again.
 *
 * @param n counts from 0; the failure stays until the end
 * @returns how many calls there were
 */
export async function withFailingFs(
  folder: string,
  n: number,
  makeError: (syscall: string, path: string | undefined) => Error,
  run: () => Promise<void>,
): Promise<number> {
  const before = Object.fromEntries(CALLS.map((name) => [name, fs[name]!]));
  const ours = new Map<number, string>();
  let calls = 0;
  for (const name of CALLS) {
    fs[name] = (...args) => {
      const [target] = args;
      const path = typeof target === 'string' ? target : ours.get(target as number);
      const concerned = path?.startsWith(folder) === true && name !== 'closeSync';
      if (concerned && calls++ >= n) throw makeError(name.replace('Sync', ''), path);
      const result = before[name]!(...args);
      if (name === 'openSync' && concerned) ours.set(result as number, path);
      if (name === 'closeSync') ours.delete(target as number);
      return result;
    };
  }
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    Object.assign(fs, before);
    syncBuiltinESMExports();
  }
  return calls;
}
