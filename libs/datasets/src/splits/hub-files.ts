import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../example.js';
import { parquetRows } from '../files/parquet.js';
import type { Row } from '../files/row.js';
import type { PublishedSplit } from './layout.js';

/** How a data set lies on the Hugging Face hub: parquet files by split, in a folder for each configuration. */
export interface HubLayout {
  /** Folders that may hold the files, the first that has them is taken; beside the data set's own and `data`. */
  readonly configurations?: readonly string[];
  /** Whether its test split has answers. */
  readonly test?: boolean;
  /** The values of a row under the names of the published files; default as they are. */
  readonly values?: (values: Row['values']) => Row['values'];
}

const NAMES: Record<Split, string> = { train: 'train', dev: 'validation|dev', test: 'test' };

/** The parquet files of each split in a folder as `gmoe pull` leaves it; undefined if there are none. */
export function hubFiles(
  folder: string,
  { configurations = [], test = false }: HubLayout,
): Partial<Record<Split, string[]>> | undefined {
  for (const place of [...configurations, '.', 'data'].map((name) => join(folder, name))) {
    if (!existsSync(place)) continue;
    const names = readdirSync(place).sort();
    const found: Partial<Record<Split, string[]>> = {};
    for (const split of ['train', 'dev', ...(test ? (['test'] as const) : [])] as const) {
      const pattern = new RegExp(`^(?:${NAMES[split]})(?:-\\d+-of-\\d+)?\\.parquet$`);
      const files = names.filter((name) => pattern.test(name)).map((name) => join(place, name));
      if (files.length > 0) found[split] = files;
    }
    if (Object.keys(found).length > 0) return found;
  }
  return undefined;
}

/** Reads a split's parts, one after the other. @throws UserError if one cannot be read */
export async function readHubSplit(paths: readonly string[], { values }: HubLayout): Promise<PublishedSplit> {
  const parts: Row[][] = [];
  for (const path of paths) parts.push(await parquetRows(path));
  const rows = parts.flat();
  return {
    files: [...new Set(rows.map(({ file }) => file))],
    encodings: [],
    rows: values ? rows.map((row) => ({ ...row, values: values(row.values) })) : rows,
  };
}
