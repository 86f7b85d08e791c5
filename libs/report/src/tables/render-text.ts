import { largest } from '@gmoe/core/extremes';
import CliTable from 'cli-table3';
import pico from 'picocolors';
import type { Table } from './table.js';

export interface TextOptions {
  /** Best values bold, baselines dim. */
  readonly color?: boolean;
  /** Columns of the terminal; wider tables lose columns, and a line says which; prose is broken between words. */
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

/** For a terminal: aligned columns, no frame. What is too wide loses columns from the right; a verdict goes last of all. */
export function renderText(table: Table, { color = false, width = Infinity }: TextOptions = {}): string {
  const paint = pico.createColors(color);
  const order = dropOrder(table);
  for (let dropped = 0; ; dropped++) {
    const shown = table.columns.map((_, i) => i).filter((i) => !order.slice(0, dropped).includes(i));
    const lines = new CliTable({
      head: shown.map((i) => paint.underline(table.columns[i]!.heading)),
      chars: PLAIN_LINES,
      colAligns: shown.map((i) => table.columns[i]!.align),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    });
    for (const row of table.rows) {
      lines.push(
        shown.map((i) => {
          const { text, emphasis } = row[i]!;
          if (emphasis === 'best') return color ? paint.bold(text) : text;
          return emphasis === 'faint' ? paint.dim(text) : text;
        }),
      );
    }
    const body = lines.toString().replace(/[ \t]+$/gm, '');
    if (dropped < order.length && widthOf(body) > width) continue;
    const left = table.columns.filter((_, i) => !shown.includes(i)).map(({ heading }) => heading);
    const cut = left.length === 0 ? [] : [`not shown, the terminal is too narrow: ${left.join(', ')}`];
    const prose = [...cut, ...table.notes].map((note) => paint.dim(wrapProse(note, width)));
    return [paint.bold(wrapProse(table.title, width)), body, ...prose].join('\n') + '\n';
  }
}

/** Columns in the order in which they go: from the right, the verdict last; two stay. */
function dropOrder({ columns }: Table): number[] {
  const verdict = columns.findIndex(({ heading }) => heading === 'Verdict');
  const rest = columns.map((_, i) => i).filter((i) => i > 0 && i !== verdict);
  const order = rest.reverse();
  return verdict < 0 ? order.slice(0, -1) : order;
}

/** Breaks running text between words. */
export function wrapProse(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && [...line].length + 1 + [...word].length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

function widthOf(text: string): number {
  return largest(text.split('\n').map((line) => [...line.replace(/\u001b\[[0-9;]*m/g, '')].length));
}
