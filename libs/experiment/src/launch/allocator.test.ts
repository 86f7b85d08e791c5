import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ALLOCATOR_LINE, allocatorEnvironment } from './allocator.js';

const inScript = (env: NodeJS.ProcessEnv): string =>
  execFileSync('/bin/bash', ['-c', `${ALLOCATOR_LINE}\nprintenv GLIBC_TUNABLES`], { env, encoding: 'utf8' }).trim();

describe("a worker's allocator", () => {
  it('keeps what is freed, in a process and in a script alike', () => {
    const { GLIBC_TUNABLES: value } = allocatorEnvironment({});
    expect(value).toBe('glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1073741824');
    expect(inScript({ PATH: process.env['PATH'] })).toBe(value);
  });

  it('is left as the user set it, to nothing too', () => {
    for (const own of ['glibc.malloc.arena_max=2', '']) {
      expect(allocatorEnvironment({ GLIBC_TUNABLES: own })).toEqual({});
      expect(inScript({ PATH: process.env['PATH'], GLIBC_TUNABLES: own })).toBe(own);
    }
  });
});
