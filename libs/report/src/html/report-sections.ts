import type { SweepSummary } from '../summary/index.js';
import { armTable, effectTable } from '../tables/index.js';
import { escapeHtml } from './escape-html.js';
import { htmlTable } from './html-table.js';
import { comparisons, definitions, experts, failures, finding, notes, paper, reproduce } from './sections.js';

/** Places of a report that hold charts, and in the page what one works with. */
export type ChartPlace =
  | 'arms'
  | 'differences'
  | 'explorer'
  | 'parallel'
  | 'importance'
  | 'pareto'
  | 'curves'
  | 'examples'
  | 'load'
  | 'routing'
  | 'reliability';

/** HTML of each place; empty if there is nothing to show. */
export type Charts = Readonly<Record<ChartPlace, string>>;

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/**
 * The sections of a report, the still one and the page to work with, in their order; those without content are left out.
 *
 * @param options.axes whether the table of arms has a column for each axis
 * @param options.leftOut sentences about what is not in the file
 */
export function reportSections(
  summary: SweepSummary,
  charts: Charts,
  options: { readonly axes?: boolean; readonly leftOut?: readonly string[] } = {},
): ReportSection[] {
  const { leftOut = [], axes = false } = options;
  const effects = effectTable(summary);
  const reference = summary.comparisons[0]?.reference;
  const sections = [
    { id: 'overview', title: 'What came out', body: finding(summary) + charts.arms },
    { id: 'arms', title: 'All arms', body: htmlTable(armTable(summary, { axes })) + paper(summary) },
    {
      id: 'comparisons',
      title: reference === undefined ? '' : `Against ${summary.contexts.length > 1 ? 'the reference' : reference}`,
      body: comparisons(summary, charts.differences),
    },
    { id: 'notes', title: 'Before you quote a number', body: notes(summary) },
    {
      id: 'axes',
      title: 'Metrics over axes',
      body:
        charts.explorer +
        charts.parallel +
        charts.importance +
        (effects.rows.length > 0 ? `<h3>${escapeHtml(effects.title)}</h3>${htmlTable(effects)}` : ''),
    },
    { id: 'cost', title: 'What it costs', body: charts.pareto },
    { id: 'training', title: 'Training', body: charts.curves },
    { id: 'examples', title: 'Example by example', body: charts.examples },
    { id: 'experts', title: 'What the experts do', body: experts(summary) + charts.load + charts.routing },
    { id: 'confidence', title: 'Confidence', body: charts.reliability },
    { id: 'failures', title: 'Failures', body: failures(summary) },
    { id: 'reproduce', title: 'How to reproduce', body: reproduce(summary) },
    {
      id: 'definitions',
      title: 'Definitions',
      body: definitions(summary) + leftOut.map((line) => `<p class="note">${escapeHtml(line)}</p>`).join('\n'),
    },
  ];
  return sections.filter(({ body }) => body !== '');
}

export function sectionHtml({ id, title, body }: ReportSection): string {
  return `<section id="${id}"><h2>${escapeHtml(title)}</h2>\n${body}\n</section>`;
}
