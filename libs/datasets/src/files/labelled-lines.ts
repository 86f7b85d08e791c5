import type { Row } from './row.js';
import { rowError } from './row.js';
import { numberedLines, type TextFile } from './text-file.js';

/** Rows of lines that begin with their label: `LABEL text`, as TREC and sent-conv's files. @throws UserError */
export function labelledLineRows({ name, text }: TextFile): Row[] {
  return numberedLines(text).map(({ line, text: row }) => {
    const [, label, rest] = /^(\S+)(?:\s+(.*))?$/.exec(row) ?? [];
    if (label === undefined) throw rowError({ file: name, line }, 'label', 'a line must begin with its label', row);
    return { file: name, line, values: { label, text: (rest ?? '').trim() } };
  });
}
