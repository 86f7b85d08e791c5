import type { Cell, Table } from './table.js';

/** GitHub's Markdown. */
export function renderMarkdown(table: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = table.rows.map((row) => line(row.map(markdownCell)));
  return [
    `### ${escapeMarkdown(table.title)}`,
    '',
    line(table.columns.map(({ heading }) => escapeMarkdown(heading))),
    line(table.columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows,
    ...table.notes.flatMap((note) => ['', escapeMarkdown(note)]),
    '',
  ].join('\n');
}

function markdownCell({ text, emphasis }: Cell): string {
  const escaped = escapeMarkdown(text);
  if (escaped === '' || emphasis === undefined) return escaped;
  return emphasis === 'best' ? `**${escaped}**` : `*${escaped}*`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/\r?\n/g, ' ').replace(/[\\`*_{}[\]<>|#~]/g, (character) => `\\${character}`);
}
