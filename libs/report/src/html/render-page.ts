import { createHash } from 'node:crypto';
import { pageDocument } from '../page-data/page-document-of.js';
import type { QuestionOf } from '../page-data/pack-examples.js';
import type { PageDocument } from '../page-data/page-document.js';
import type { SweepResults } from '../results/sweep-results.js';
import { summarise, type SummariseOptions } from '../summary/index.js';
import { armTable, effectTable } from '../tables/index.js';
import { escapeHtml } from './escape-html.js';
import { htmlTable } from './html-table.js';
import { PAGE_STYLE } from './page-style.js';
import { comparisons, definitions, experts, failures, finding, heading, notes, paper, reproduce } from './sections.js';
import { STYLE_SHEET } from './style-sheet.js';

export interface PageOptions extends SummariseOptions {
  /** Texts of the test examples, where they are at hand. */
  readonly questionOf?: QuestionOf | undefined;
}

/**
 * The report as a page to work with, in one file and without network: its numbers as JSON, and the program that draws them. Words and
 * tables are there without the program too.
 *
 * @param program the page's program, as the build makes it
 */
export function renderPage(results: SweepResults, program: string, options: PageOptions = {}): string {
  const { questionOf, ...summariseOptions } = options;
  const summary = summarise(results, summariseOptions);
  const document = pageDocument(results, summary, questionOf);
  const sections = sectionsOf(document);
  const script = program.replaceAll('</script', '<\\/script');
  const hash = createHash('sha256').update(script).digest('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; img-src data:">
<title>${escapeHtml(summary.name)} – sweep report</title>
<style>
${STYLE_SHEET}
${PAGE_STYLE}
</style>
</head>
<body>
<div class="page">
<nav class="side" aria-label="Contents and arms">
<details class="contents" open><summary>Contents</summary><ol>
${sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`).join('\n')}
</ol></details>
<div data-view="switches"></div>
</nav>
<main>
${heading(summary)}
<noscript><p class="note">The charts of this page are drawn by a program, which is switched off here. <code>gmoe report DIR --static</code> makes a page without one.</p></noscript>
${sections.map(({ id, title, body, headed }) => `<section id="${id}">${headed ? '' : `<h2>${escapeHtml(title)}</h2>`}\n${body}\n</section>`).join('\n')}
</main>
</div>
<script type="application/json" id="data">${JSON.stringify(document).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`;
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  /** Whether the body brings its own heading. */
  readonly headed?: boolean;
}

function sectionsOf({ summary, curves, examples, routing, leftOut }: PageDocument): Section[] {
  const view = (name: string): string =>
    summary.contexts.map((_, i) => `<div data-view="${name}" data-context="${i}"></div>`).join('\n');
  const effectsTable = effectTable(summary);
  const axes = summary.arms.some((arm) => Object.keys(arm.axes).length > 0);
  const failed = failures(summary);
  return [
    { id: 'overview', title: 'What came out', body: finding(summary) + view('arms') },
    { id: 'arms', title: 'All arms', body: htmlTable(armTable(summary, { axes: true })) + paper(summary) },
    ...(summary.comparisons.length > 0
      ? [
          {
            id: 'comparisons',
            title: 'Against the reference',
            body: comparisons(summary, view('differences')),
            headed: true,
          },
        ]
      : []),
    ...(summary.notes.length > 0
      ? [{ id: 'notes', title: 'Before you quote a number', body: notes(summary), headed: true }]
      : []),
    ...(axes
      ? [
          {
            id: 'axes',
            title: 'Metrics over axes',
            body:
              view('explorer') +
              view('parallel') +
              view('importance') +
              (effectsTable.rows.length > 0 ? `<h3>${effectsTable.title}</h3>${htmlTable(effectsTable)}` : ''),
          },
        ]
      : []),
    { id: 'cost', title: 'What it costs', body: view('pareto') },
    ...(curves.index.length > 0 ? [{ id: 'training', title: 'Training', body: '<div data-view="curves"></div>' }] : []),
    ...(examples ? [{ id: 'examples', title: 'Example by example', body: '<div data-view="examples"></div>' }] : []),
    ...(routing.length > 0 || summary.arms.some((arm) => arm.routing)
      ? [
          {
            id: 'experts',
            title: 'What the experts do',
            body: experts(summary) + view('load') + (routing.length > 0 ? '<div data-view="routing"></div>' : ''),
          },
        ]
      : []),
    ...(summary.arms.some((arm) => arm.calibration)
      ? [{ id: 'confidence', title: 'Confidence', body: view('reliability') }]
      : []),
    { id: 'failures', title: 'Failures', body: failed, headed: true },
    { id: 'reproduce', title: 'How to reproduce', body: reproduce(summary), headed: true },
    {
      id: 'definitions',
      title: 'Definitions',
      body: definitions(summary) + leftOut.map((line) => `<p class="note">${escapeHtml(line)}</p>`).join('\n'),
      headed: true,
    },
  ];
}
