import CliTable from 'cli-table3';
import pico from 'picocolors';
import type { Table } from './table.js';

export interface TextOptions {
  /** Best values bold, baselines dim. */
  readonly color?: boolean;
  /** Columns of the terminal; wider tables lose columns from the right, and a line says which. */
  readonly width?: number;
}

const PLAIN_LINES = {
  ...Object.fromEntries(
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'].map((k) => [
      k,
      '',
    ]),
  ),
  left: '',
  right: '',
  middle: '  ',
  mid: '',
  'left-mid': '',
  'mid-mid': '',
  'right-mid': '',
};

/** For a terminal: aligned columns, no frame. */
export function renderText(table: Table, { color = false, width = Infinity }: TextOptions = {}): string {
  const paint = pico.createColors(color);
  for (let count = table.columns.length; ; count--) {
    const columns = table.columns.slice(0, count);
    const lines = new CliTable({
      head: columns.map(({ heading }) => paint.underline(heading)),
      chars: PLAIN_LINES,
      colAligns: columns.map(({ align }) => align),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    });
    for (const row of table.rows) {
      lines.push(
        row.slice(0, count).map(({ text, emphasis }) => {
          if (emphasis === 'best') return color ? paint.bold(text) : text;
          return emphasis === 'faint' ? paint.dim(text) : text;
        }),
      );
    }
    const body = lines.toString().replace(/[ \t]+$/gm, '');
    const left = table.columns.slice(count).map(({ heading }) => heading);
    if (count > 2 && widthOf(body) > width) continue;
    const cut = left.length === 0 ? [] : [paint.dim(`not shown, the terminal is too narrow: ${left.join(', ')}`)];
    return [paint.bold(table.title), body, ...cut, ...table.notes.map((note) => paint.dim(note))].join('\n') + '\n';
  }
}

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map((line) => [...line.replace(/\u001b\[[0-9;]*m/g, '')].length));
}
