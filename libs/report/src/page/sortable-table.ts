import { element } from './element.js';
import { later } from './later.js';
import type { PageState } from './page-state.js';

/** From so many rows on a table gets a box to filter it. */
const FILTER_FROM = 8;

/** Lets every table of the page be sorted by its headings, and long ones be filtered. */
export function enhanceTables(state: PageState): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('main table[data-table]')) {
    makeSortable(table);
    if (table.tBodies[0]!.rows.length >= FILTER_FROM) addFilter(table, state);
  }
  later(() => {
    for (const table of document.querySelectorAll('table.long')) table.classList.remove('long');
  });
}

function makeSortable(table: HTMLTableElement): void {
  const heads = [...table.tHead!.rows[0]!.cells];
  const original = [...table.tBodies[0]!.rows];
  heads.forEach((head, column) => {
    const text = head.textContent;
    head.setAttribute('aria-sort', 'none');
    const button = element('button', { type: 'button' }, text);
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const before = head.getAttribute('aria-sort');
      const next =
        before === 'none' ? firstOrder(original, column) : before === 'ascending' ? 'descending' : 'ascending';
      for (const other of heads) other.setAttribute('aria-sort', 'none');
      head.setAttribute('aria-sort', next);
      table.tBodies[0]!.append(...sorted(original, column, next === 'ascending' ? 1 : -1));
    });
  });
}

/** Numbers are asked for largest first. */
function firstOrder(rows: readonly HTMLTableRowElement[], column: number): 'ascending' | 'descending' {
  return rows.some((row) => row.cells[column]?.dataset['v'] !== undefined) ? 'descending' : 'ascending';
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Rows without a value, and baselines, stay at the end. */
function sorted(rows: readonly HTMLTableRowElement[], column: number, sign: 1 | -1): HTMLTableRowElement[] {
  const key = (row: HTMLTableRowElement) => {
    const cell = row.cells[column];
    const value = cell?.dataset['v'];
    return value === undefined ? (cell?.textContent ?? '') : Number(value);
  };
  const last = (row: HTMLTableRowElement) => {
    const value = key(row);
    return Number(row.classList.contains('base')) * 2 + Number(value === '' || value === '–');
  };
  return [...rows].sort((a, b) => {
    const place = last(a) - last(b);
    if (place !== 0) return place;
    const [x, y] = [key(a), key(b)];
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y)));
  });
}

function addFilter(table: HTMLTableElement, state: PageState): void {
  const rows = [...table.tBodies[0]!.rows];
  const heads = [...table.tHead!.rows[0]!.cells].map((head) => head.textContent.replace(/\s*[⇅↑↓]$/, '').toLowerCase());
  const count = element('span', { class: 'count', role: 'status' });
  const box = element('input', {
    type: 'search',
    placeholder: 'filter: words, or a column and a number, e.g. accuracy>70',
    'aria-label': `Filter the table ${table.closest('[aria-label]')?.getAttribute('aria-label') ?? ''}`,
  });
  const apply = () => {
    const tests = box.value
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => testOf(word.toLowerCase(), heads));
    let left = 0;
    for (const row of rows) {
      row.hidden = !tests.every((test) => test(row));
      left += Number(!row.hidden);
    }
    count.textContent = tests.length === 0 ? '' : `${left} of ${rows.length} rows`;
  };
  box.addEventListener('input', apply);
  const bar = element('div', { class: 'controls table-filter' }, box, count);
  box.style.flex = '1 1 260px';
  box.style.maxWidth = '520px';
  if (table.dataset['table'] === 'arms') {
    const byName = new Map(state.document.summary.arms.map(({ arm, group }) => [arm, group]));
    bar.append(
      element(
        'button',
        {
          type: 'button',
          onclick: () =>
            state.show(rows.flatMap((row) => (row.hidden ? [] : (byName.get(row.dataset['arm'] ?? '') ?? [])))),
        },
        'Show only these in the charts',
      ),
    );
  }
  table.closest('.scroll')!.before(bar);
}

type RowTest = (row: HTMLTableRowElement) => boolean;

function testOf(word: string, heads: readonly string[]): RowTest {
  const match = /^(.+?)(<=|>=|<|>|=)(-?[\d.]+(?:e-?\d+)?)$/.exec(word);
  const column = match ? heads.findIndex((head) => head.startsWith(match[1]!)) : -1;
  if (!match || column < 0) return (row) => row.textContent.toLowerCase().includes(word);
  const limit = Number(match[3]);
  const compare = {
    '<': (v: number) => v < limit,
    '>': (v: number) => v > limit,
    '<=': (v: number) => v <= limit,
    '>=': (v: number) => v >= limit,
    '=': (v: number) => v === limit,
  }[match[2]!]!;
  return (row) => {
    const shown = Number.parseFloat(row.cells[column]!.textContent.replace('\u2212', '-'));
    return Number.isFinite(shown) && compare(shown);
  };
}
