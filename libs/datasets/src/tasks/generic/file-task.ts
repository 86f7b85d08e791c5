import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { UserError } from '@gmoe/core';
import { SPLITS, type Example, type Split } from '../../example.js';
import { csvRows, tsvRows } from '../../files/delimited.js';
import { jsonLineRows } from '../../files/json-lines.js';
import { parquetRows } from '../../files/parquet.js';
import type { Row } from '../../files/row.js';
import { readTextFile, type TextFile } from '../../files/text-file.js';
import type { PublishedSplit } from '../../splits/layout.js';
import { taskSplits, type RowResult, type TaskSplits } from '../../splits/task-splits.js';
import { FORMATS, type FileTaskOptions, type Format } from './file-options.js';

/** The splits of a user's own files. Parquet files must be read with `prepare` before. */
export interface FileSplits extends TaskSplits {
  prepare(): Promise<void>;
  /** Rows of the training file, or else of dev's, or of test's. @throws UserError */
  firstRows(): readonly Row[];
  /** The files that are named, in words. */
  readonly files: string;
  /** Their paths. */
  paths(): string[];
}

/**
 * @param toExample what a row becomes; the index is its place in its file, from 0
 * @param classOf what every split is to have examples of, where a file is divided
 */
export function fileSplits(
  options: FileTaskOptions,
  toExample: (row: Row, index: number) => RowResult,
  classOf?: (example: Example) => unknown,
): FileSplits {
  const named = { train: options.trainFile, dev: options.devFile, test: options.testFile };
  const first = SPLITS.find((split) => named[split] !== null);
  if (!first) throw new UserError('task.trainFile: names no file, and neither do devFile and testFile');
  if (options.delimiter !== undefined) checkDelimiter(named, options.format);
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
    const rows = rowsOf(file, format, options.delimiter);
    return { files: [file.name], encodings: [file.encoding], rows };
  };
  const splits = taskSplits(
    {
      read,
      has: (split) => named[split] !== null,
      // Without a training file nothing can be divided: a dev split that is asked for is one that is missing.
      expected: (split) => named[split] ?? (named.train === null ? `task.${split}File: names no file` : undefined),
      toExample,
      ...(classOf ? { classOf } : {}),
    },
    options,
  );
  return {
    ...splits,
    async prepare() {
      for (const split of SPLITS) {
        const name = named[split];
        if (name === null) continue;
        const { path, format } = locate(name, `task.${split}File`, options);
        if (format === 'parquet' && !parquet.has(path)) parquet.set(path, await parquetRows(path));
      }
    },
    firstRows: () => read(first)!.rows,
    paths: () =>
      SPLITS.flatMap((split) =>
        named[split] === null ? [] : [locate(named[split], `task.${split}File`, options).path],
      ),
    files: named.train ?? SPLITS.flatMap((split) => named[split] ?? []).join(', '),
  };
}

/** @throws UserError if none of the files has delimiters */
function checkDelimiter(named: Readonly<Record<Split, string | null>>, format: Format): void {
  const formats = SPLITS.flatMap((split) =>
    named[split] === null ? [] : [formatOf(named[split], `task.${split}File`, format)],
  );
  if (formats.includes('csv') || formats.includes('tsv')) return;
  throw new UserError(`task.delimiter: applies to CSV and TSV; the files are ${formats[0]!}; leave it out`);
}

function rowsOf(file: TextFile, format: Exclude<Format, 'auto' | 'parquet'>, delimiter: string | undefined): Row[] {
  if (format === 'jsonl') return jsonLineRows(file);
  return format === 'csv' || delimiter !== undefined ? csvRows(file, delimiter) : tsvRows(file);
}

function locate(
  name: string,
  field: string,
  { dataDir, format }: FileTaskOptions,
): { readonly path: string; readonly format: Exclude<Format, 'auto'> } {
  const path = dataDir === null || isAbsolute(name) ? name : join(dataDir, name);
  if (!existsSync(path)) throw new UserError(`${field}: ${path}: no such file`);
  return { path, format: formatOf(name, field, format) };
}

/** The form of a file by the ending of its name. */
function formatOf(name: string, field: string, format: Format): Exclude<Format, 'auto'> {
  if (format !== 'auto') return format;
  const ending = /\.([^.]+?)(\.gz)?$/.exec(name)?.[1];
  const known = FORMATS.slice(1) as Exclude<Format, 'auto'>[];
  const found = ending === 'json' || ending === 'ndjson' ? 'jsonl' : known.find((each) => each === ending);
  if (!found)
    throw new UserError(`${field}: ${name} ends with none of .${known.join(', .')}, .json, .ndjson; set task.format`);
  return found;
}
