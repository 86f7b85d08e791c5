import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { Split } from '../../example.js';
import { csvRows, tsvRows } from '../../files/delimited.js';
import { jsonLineRows } from '../../files/json-lines.js';
import { parquetRows } from '../../files/parquet.js';
import type { Row } from '../../files/row.js';
import { readTextFile } from '../../files/text-file.js';
import type { PublishedSplit } from '../../splits/layout.js';
import { taskSplits, type RowResult, type TaskSplits } from '../../splits/task-splits.js';
import { FORMATS, type FileTaskOptions, type Format } from './file-options.js';

/** The splits of a user's own files. Parquet files must be read with `prepare` before. */
export interface FileSplits extends TaskSplits {
  prepare(): Promise<void>;
  /** Rows of the training file. @throws UserError */
  trainRows(): readonly Row[];
}

/** @param toExample what a row becomes; the index is its place in its file, from 0 */
export function fileSplits(options: FileTaskOptions, toExample: (row: Row, index: number) => RowResult): FileSplits {
  const named = { train: options.trainFile, dev: options.devFile, test: options.testFile };
  const parquet = new Map<string, Row[]>();
  const read = (split: Split): PublishedSplit | undefined => {
    const name = named[split];
    if (name === null) return undefined;
    const { path, format } = locate(name, `task.${split}File`, options);
    if (format === 'parquet') {
      const rows = parquet.get(path);
      if (!rows) throw new Error(`${path}: prepare() must be awaited before parquet rows are asked for`);
      return { files: [basename(path)], encodings: [], rows };
    }
    const file = readTextFile(path);
    const rows = { jsonl: jsonLineRows, csv: csvRows, tsv: tsvRows }[format](file);
    return { files: [file.name], encodings: [file.encoding], rows };
  };
  const splits = taskSplits(
    {
      read,
      has: (split) => named[split] !== null,
      expected: (split) => named[split] ?? undefined,
      toExample,
    },
    options,
  );
  return {
    ...splits,
    async prepare() {
      for (const split of ['train', 'dev', 'test'] as const) {
        const name = named[split];
        if (name === null) continue;
        const { path, format } = locate(name, `task.${split}File`, options);
        if (format === 'parquet' && !parquet.has(path)) parquet.set(path, await parquetRows(path));
      }
    },
    trainRows: () => read('train')!.rows,
  };
}

function locate(
  name: string,
  field: string,
  { dataDir, format }: FileTaskOptions,
): { readonly path: string; readonly format: Exclude<Format, 'auto'> } {
  const path = dataDir === null || isAbsolute(name) ? name : join(dataDir, name);
  if (!existsSync(path)) throw new UserError(`${field}: ${path}: no such file`);
  if (format !== 'auto') return { path, format };
  const ending = /\.([^.]+?)(\.gz)?$/.exec(name)?.[1];
  const known = FORMATS.slice(1) as Exclude<Format, 'auto'>[];
  const found = ending === 'json' || ending === 'ndjson' ? 'jsonl' : known.find((each) => each === ending);
  if (!found)
    throw new UserError(`${field}: ${name} ends with none of .${known.join(', .')}, .json, .ndjson; set task.format`);
  return { path, format: found };
}
