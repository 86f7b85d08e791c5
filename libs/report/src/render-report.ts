import { pageProgram } from './html/page-program.js';
import { renderPage, type PageOptions } from './html/render-page.js';
import type { SweepResults } from './results/sweep-results.js';
import { summarise, type SweepSummary } from './summary/index.js';
import {
  armTable,
  comparisonTable,
  effectTable,
  failureTable,
  paperTable,
  renderCsv,
  renderLatex,
  renderMarkdown,
  renderText,
  routingTable,
  wrapProse,
} from './tables/index.js';
import type { Table, TextOptions } from './tables/index.js';

export const REPORT_FORMATS = ['text', 'html', 'md', 'csv', 'latex', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** The whole report of a sweep in one format, as the text of one file. CSV holds the table of arms only. */
export function renderReport(
  results: SweepResults,
  format: ReportFormat,
  options: PageOptions = {},
  text: TextOptions = {},
): string {
  const { questionOf, ...summariseOptions } = options;
  if (format === 'html') return renderPage(results, pageProgram('report'), { ...summariseOptions, questionOf });
  const summary = summarise(results, summariseOptions);
  const { width = Infinity } = text;
  switch (format) {
    case 'json':
      return `${JSON.stringify(summary, null, 2)}\n`;
    case 'csv':
      return renderCsv(armTable(summary));
    case 'latex':
      return [paperTable(summary), armTable(summary), ...filled(comparisonTable(summary))].map(renderLatex).join('\n');
    case 'md':
      return [
        `# ${summary.name}\n`,
        ...summary.headline.map((line) => `${line}\n`),
        ...tablesOf(summary).map(renderMarkdown),
        ...filled(routingTable(summary)).map(renderMarkdown),
        ...lists(summary).map(({ title, lines }) => `### ${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`),
      ].join('\n');
    case 'text':
      return [
        ...tablesOf(summary).map((table) => renderText(table, text)),
        ...lists(summary).map(
          ({ title, lines }) => `${title}\n${lines.map((line) => wrapProse(`- ${line}`, width, '  ')).join('\n')}\n`,
        ),
        // The verdict stands where the eye is when the command ends.
        ...summary.headline.map((line) => `${wrapProse(line, width)}\n`),
      ].join('\n');
  }
}

function tablesOf(summary: SweepSummary): Table[] {
  return [
    armTable(summary),
    ...filled(comparisonTable(summary)),
    ...filled(effectTable(summary)),
    ...filled(failureTable(summary)),
  ];
}

function filled(table: Table): Table[] {
  return table.rows.length > 0 ? [table] : [];
}

function lists(summary: SweepSummary): { title: string; lines: readonly string[] }[] {
  return [
    { title: 'Notes', lines: summary.notes },
    {
      title: 'Ended early',
      lines: summary.stops.map(({ arm, step, rule }) => `${arm} at step ${step}: ${rule}`),
    },
    { title: 'Could not be read', lines: summary.warnings },
  ].filter(({ lines }) => lines.length > 0);
}
