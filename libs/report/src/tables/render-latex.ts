import type { Cell, Table } from './table.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '±': '$\\pm$',
  '·': '$\\cdot$',
  '\u2212': '$-$',
  '×': '$\\times$',
  '–': '--',
  '—': '---',
  '’': "'",
  '≥': '$\\ge$',
  '≤': '$\\le$',
  β: '$\\beta$',
  λ: '$\\lambda$',
  σ: '$\\sigma$',
  '\n': ' ',
};

/** For a paper: a `table` with booktabs rules, best values bold. Needs `\usepackage{booktabs}`, and T1 for quotes. */
export function renderLatex(table: Table): string {
  const row = (cells: readonly string[]) => `    ${cells.join(' & ')} \\\\`;
  return [
    '% needs \\usepackage{booktabs} and, for quotes and names in other scripts, \\usepackage[T1]{fontenc} or LuaLaTeX',
    '\\begin{table}[t]',
    '  \\centering',
    `  \\caption{${escapeLatex([table.title, ...table.notes].join('. ').replace(/\.\. /g, '. '))}}`,
    `  \\label{tab:${table.id}}`,
    `  \\begin{tabular}{@{}${table.columns.map(({ align }) => (align === 'right' ? 'r' : 'l')).join('')}@{}}`,
    '    \\toprule',
    row(table.columns.map(({ heading }) => escapeLatex(heading))),
    '    \\midrule',
    ...separated(table).map((line) => (line === undefined ? '    \\midrule' : row(line.map(latexCell)))),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

/** Rows with a rule before baselines. */
function separated(table: Table): (readonly Cell[] | undefined)[] {
  return table.rows.flatMap((row, i) => {
    const faint = (cells: readonly Cell[] | undefined) => cells?.every(({ emphasis }) => emphasis === 'faint') ?? false;
    return i > 0 && faint(row) && !faint(table.rows[i - 1]) ? [undefined, row] : [row];
  });
}

function latexCell({ text, emphasis }: Cell): string {
  const escaped = escapeLatex(text);
  return emphasis === 'best' ? `\\textbf{${escaped}}` : escaped;
}

/** Text that LaTeX sets as it stands. */
export function escapeLatex(text: string): string {
  return [...text].map((character) => ESCAPES[character] ?? character).join('');
}
