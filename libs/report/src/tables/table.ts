/** One value as it is shown, and as data for CSV and JSON. */
export interface Cell {
  readonly text: string;
  /** Columns that this cell adds to CSV and JSON, in full precision. */
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
  readonly emphasis?: 'best' | 'faint';
}

export interface Column {
  readonly heading: string;
  readonly align: 'left' | 'right';
  /** Says what the first column says already, to sort and filter by: left out on paper. */
  readonly repeats?: boolean;
}

/** A table before it is written as text, Markdown, CSV, LaTeX, HTML or JSON. */
export interface Table {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly notes: readonly string[];
}

/** A cell of which text and data are the same. */
export function textCell(key: string, text: string, emphasis?: 'best' | 'faint'): Cell {
  return { text, data: { [key]: text }, ...(emphasis === undefined ? {} : { emphasis }) };
}

/** Rows as records: the union of all cells' data, missing values null. */
export function tableRecords(table: Table): Record<string, string | number | boolean | null>[] {
  const keys = [...new Set(table.rows.flatMap((row) => row.flatMap((cell) => Object.keys(cell.data))))];
  return table.rows.map((row) => {
    const merged = Object.assign({}, ...row.map((cell) => cell.data)) as Record<
      string,
      string | number | boolean | null
    >;
    return Object.fromEntries(keys.map((key) => [key, merged[key] ?? null]));
  });
}
