import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { messageOf, UserError } from '@gmoe/core';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import type { Row } from './row.js';

/** The rows of a parquet file, as the Hugging Face hub serves data sets. @throws UserError if it cannot be read */
export async function parquetRows(path: string): Promise<Row[]> {
  const name = basename(path);
  try {
    const bytes = readFileSync(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const rows = await readRows(file);
    return rows.map((values, index) => ({ file: name, line: index + 1, values: plain(values) as Row['values'] }));
  } catch (error) {
    throw new UserError(`${path}: cannot be read as parquet: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * All rows. The library starts every column before it has looked at the whole plan: where that throws half-way, columns already
 * started that fail as well are nobody's, and an unhandled rejection ends the process. So they begin once the plan stands.
 */
async function readRows(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  let begin!: () => void;
  const planned = new Promise<void>((resolve) => (begin = resolve));
  const gated = {
    byteLength: file.byteLength,
    slice: async (start: number, end?: number) => {
      await planned;
      return file.slice(start, end);
    },
  };
  // As a library of their own, they reserve 10 GiB of addresses for WebAssembly when they are loaded, which limits may forbid.
  const { compressors } = await import('hyparquet-compressors');
  const reading = parquetReadObjects({ file: gated, metadata: parquetMetadata(file), compressors });
  let refused = false;
  reading.catch(() => (refused = true));
  await setImmediate();
  if (!refused) begin();
  return (await reading) as Record<string, unknown>[];
}

/** 64-bit integers as numbers, where they are exact. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}
