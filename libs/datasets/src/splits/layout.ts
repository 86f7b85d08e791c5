import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { Split } from '../example.js';
import { rowError, type Row } from '../files/row.js';
import { findFile, numberedLines, readTextFile, type Encoding, type TextFile } from '../files/text-file.js';

/** One form in which a data set is published: its files' names, and how rows are read. */
export interface Layout {
  /**
   * Names of each split's file, the first that exists is taken; a list of names belongs together. A split that is not
   * published (or without answers) is left out.
   */
  readonly files: Readonly<Partial<Record<Split, readonly (string | readonly string[])[]>>>;
  readonly rows: (file: TextFile) => Row[];
}

/** Rows of a split as its files hold them. */
export interface PublishedSplit {
  readonly files: readonly string[];
  readonly encodings: readonly Encoding[];
  readonly rows: readonly Row[];
}

/** The names of a split's files in words. */
export function namesOf(layouts: readonly Layout[], split: Split): string {
  const names = layouts.flatMap(({ files }) => files[split] ?? []);
  return names.map((each) => [each].flat().join(' + ')).join(', ');
}

/** The paths of a split's files; undefined if they are not there. */
export function pathsOf(folder: string, { files }: Layout, split: Split): string[] | undefined {
  for (const each of files[split] ?? []) {
    const paths = [each].flat().map((name) => findFile(folder, name));
    if (paths.every((path) => path !== undefined)) return paths;
  }
  return undefined;
}

/** The layout that most splits of a folder are there of, the first of equals; undefined if no split is there. */
export function presentLayout(folder: string, layouts: readonly Layout[]): Layout | undefined {
  const present = ({ files }: Layout) =>
    (Object.keys(files) as Split[]).filter((split) => pathsOf(folder, { files } as Layout, split)).length;
  const best = layouts.reduce((most, each) => (present(each) > present(most) ? each : most));
  return present(best) > 0 ? best : undefined;
}

/** How deep unpacked archives nest what they hold. */
const DEPTH = 4;
const MOST_FOLDERS = 500;

/** The folder, or else the folders below it, that hold files of one of the layouts. */
export function foldersWith(folder: string, layouts: readonly Layout[]): string[] {
  let level = [folder];
  for (let depth = 0, seen = 0; depth <= DEPTH && level.length > 0 && seen < MOST_FOLDERS; depth++) {
    const found = level.filter((each) => presentLayout(each, layouts));
    if (found.length > 0) return found;
    seen += level.length;
    level = level.flatMap(subfolders);
  }
  return [];
}

function subfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}

/** Reads the files of a split; labels published apart (`NAME-labels.lst`) become the rows' `label`. @throws UserError */
export function readPublished(paths: readonly string[], layout: Layout): PublishedSplit {
  const parts = paths.map((path) => {
    const file = readTextFile(path);
    return { file, rows: withLabels(layout.rows(file), dirname(path), file.name) };
  });
  return {
    files: parts.map(({ file }) => file.name),
    encodings: [...new Set(parts.map(({ file }) => file.encoding))],
    rows: parts.flatMap(({ rows }) => rows),
  };
}

function withLabels(rows: Row[], folder: string, name: string): Row[] {
  const path = findFile(folder, name.replace(/\.jsonl$/, '-labels.lst'));
  if (!name.endsWith('.jsonl') || path === undefined) return rows;
  const labels = numberedLines(readTextFile(path).text);
  if (labels.length !== rows.length) {
    throw new UserError(
      `${join(folder, name)} has ${rows.length} rows, its labels file ${labels.length} lines; they must be as many`,
    );
  }
  return rows.map((row, i) => {
    const own = row.values['label'];
    const label = labels[i]!.text.trim();
    if (own !== undefined && String(own) !== label) {
      throw rowError(row, 'label', `differs from ${label}, which its labels file says`, own);
    }
    return { ...row, values: { ...row.values, label } };
  });
}
