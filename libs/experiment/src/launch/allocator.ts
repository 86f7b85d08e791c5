const NAME = 'GLIBC_TUNABLES';
/** Nothing mapped alone; what is free at the heap's end goes back from a gibibyte on. */
const VALUE = `glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=${2 ** 30}`;

/**
 * What a worker tells the C library's allocator: to keep memory that is freed, up to a gibibyte. A training step returns all trained
 * parameters and their moments in new memory, which would be mapped for it, its pages cleared by the kernel, and unmapped again: a
 * twentieth of a step of SmolLM2's size. glibc alone reads it, at a process's start; what the user set stands.
 */
export function allocatorEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string>> {
  return env[NAME] === undefined ? { [NAME]: VALUE } : {};
}

/** The same as a line of a worker's script. */
export const ALLOCATOR_LINE = `export ${NAME}="\${${NAME}-${VALUE}}"`;
