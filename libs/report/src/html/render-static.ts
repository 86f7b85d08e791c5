import { reportCharts } from '../charts/report-charts.js';
import type { Figure } from '../charts/figure.js';
import type { SweepResults } from '../results/sweep-results.js';
import { summarise, type SummariseOptions } from '../summary/index.js';
import { armTable } from '../tables/index.js';
import { escapeHtml } from './escape-html.js';
import { htmlTable } from './html-table.js';
import {
  comparisons,
  definitions,
  effects,
  experts,
  failures,
  figure,
  finding,
  heading,
  notes,
  paper,
  reproduce,
} from './sections.js';
import { STYLE_SHEET } from './style-sheet.js';

/**
 * The report as one still HTML file, for mail: no scripts, no network, charts as inline SVG drawn for desktop and for phone, light
 * and dark. The same results give the same bytes.
 */
export function renderStatic(results: SweepResults, options: SummariseOptions = {}): string {
  const summary = summarise(results, options);
  const charts = reportCharts(results, summary);
  const starts = (...ids: string[]): Figure[] =>
    charts.filter(({ id }) => ids.some((start) => id.startsWith(`${start}-`)));
  const titled = (title: string, ...parts: (string | readonly Figure[])[]) => {
    const filled = parts.flatMap((part) => (typeof part === 'string' ? part : part.map(figure))).filter(Boolean);
    return filled.length === 0 ? '' : `<h2>${title}</h2>\n${filled.join('\n')}`;
  };
  const body = [
    heading(summary),
    finding(summary),
    ...starts('arms').map(figure),
    htmlTable(armTable(summary)),
    paper(summary),
    comparisons(summary, starts('differences').map(figure).join('\n')),
    notes(summary),
    titled('Hyper-parameters', starts('axis')),
    titled('What matters, and what it costs', starts('importance'), effects(summary), starts('pareto')),
    titled('Training', starts('loss')),
    titled(
      'What the experts do',
      experts(summary),
      starts('load', 'entropy', 'parameter', 'domains', 'co-selection', 'collaboration'),
    ),
    titled('Confidence', starts('reliability')),
    failures(summary),
    reproduce(summary),
    definitions(summary),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(summary.name)} – sweep report</title>
<style>
${STYLE_SHEET}
</style>
</head>
<body>
<main>
${body.filter(Boolean).join('\n')}
</main>
</body>
</html>
`;
}
