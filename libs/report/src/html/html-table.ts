import type { Cell, Table } from '../tables/index.js';
import { escapeHtml } from './escape-html.js';

/** Of longer tables a page shows the first rows at once and the others when it has been drawn. */
const AT_ONCE = 30;

/** Longer texts are broken into lines. */
const LONG = 40;

/** A table that scrolls by itself where the page is too narrow for it. */
export function htmlTable(table: Table): string {
  const side = (i: number) => {
    const { align, repeats } = table.columns[i] ?? {};
    return [...(align === 'right' ? ['r'] : []), ...(repeats ? ['repeats'] : [])].join(' ');
  };
  const head = table.columns
    .map(({ heading }, i) => `<th scope="col"${classes(side(i))}>${escapeHtml(heading)}</th>`)
    .join('');
  const rows = table.rows.map((row) => {
    const baseline = table.id === 'arms' && row.every(({ emphasis }) => emphasis === 'faint');
    const arm = row.map(({ data }) => data['arm']).find((name) => typeof name === 'string');
    const named = arm === undefined || baseline ? '' : ` data-arm="${escapeHtml(arm)}"`;
    return `<tr${classes(baseline ? 'base' : '')}${named}>${row.map((cell, i) => htmlCell(cell, side(i), table.id)).join('')}</tr>`;
  });
  return (
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(table.title)}"><table data-table="${table.id}"${classes(table.rows.length > AT_ONCE ? 'long' : '')}>` +
    `<thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>\n` +
    table.notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')
  );
}

function htmlCell({ text, emphasis, data }: Cell, side: string, id: string): string {
  const long = (id === 'failures' && 'message' in data) || text.length > LONG ? 'wrap' : '';
  const number = Object.values(data).find((value) => typeof value === 'number');
  const sortBy = number === undefined ? '' : ` data-v="${number}"`;
  return `<td${classes(side, emphasis ?? '', long)}${sortBy}>${breakable(escapeHtml(text))}</td>`;
}

function classes(...names: readonly string[]): string {
  const used = names.filter(Boolean).join(' ');
  return used === '' ? '' : ` class="${used}"`;
}

/** Lets names of arms break after their separators, which stay with what is before them. */
function breakable(text: string): string {
  return text
    .replace(/([a-z])\+(?=[a-z])/g, '$1+<wbr>')
    .replace(/([a-z])=(?=[^\s])/gi, '$1=<wbr>')
    .replaceAll(' · ', '&nbsp;· ');
}
