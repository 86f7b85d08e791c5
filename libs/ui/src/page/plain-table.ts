import { element } from '@gmoe/report/page';

/** A table of rows under column headings. */
export function plainTable(columns: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  const head = element('tr', {}, ...columns.map((text) => element('th', { scope: 'col' }, text)));
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
}
