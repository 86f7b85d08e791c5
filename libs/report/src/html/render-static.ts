import { reportCharts } from '../charts/report-charts.js';
import type { SweepResults } from '../results/sweep-results.js';
import { summarise, type SummariseOptions } from '../summary/index.js';
import { escapeHtml } from './escape-html.js';
import { reportSections, sectionHtml } from './report-sections.js';
import { figure, heading } from './sections.js';
import { STYLE_SHEET } from './style-sheet.js';

/**
 * The report as one still HTML file, for mail: no scripts, no network, charts as inline SVG drawn for desktop and for phone, light
 * and dark. The same results give the same bytes.
 */
export function renderStatic(results: SweepResults, options: SummariseOptions = {}): string {
  const summary = summarise(results, options);
  const figures = reportCharts(results, summary);
  const starts = (...ids: string[]): string =>
    figures
      .filter(({ id }) => ids.some((start) => id.startsWith(`${start}-`)))
      .map(figure)
      .join('\n');
  const sections = reportSections(summary, {
    arms: starts('arms'),
    differences: starts('differences'),
    explorer: starts('axis'),
    parallel: '',
    importance: starts('importance'),
    pareto: starts('pareto'),
    curves: starts('loss'),
    examples: '',
    load: starts('load', 'entropy', 'parameter', 'domains', 'co-selection', 'collaboration'),
    routing: '',
    reliability: starts('reliability'),
  });
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
${heading(summary)}
${sections.map(sectionHtml).join('\n')}
</main>
</body>
</html>
`;
}
