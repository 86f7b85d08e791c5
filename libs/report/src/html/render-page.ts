import { createHash } from 'node:crypto';
import { pageDocument } from '../page-data/page-document-of.js';
import type { QuestionOf } from '../page-data/pack-examples.js';
import type { PageDocument } from '../page-data/page-document.js';
import type { SweepResults } from '../results/sweep-results.js';
import { summarise, type SummariseOptions } from '../summary/index.js';
import { escapeHtml } from './escape-html.js';
import { PAGE_STYLE } from './page-style.js';
import { reportSections, sectionHtml, type ChartPlace, type Charts } from './report-sections.js';
import { heading } from './sections.js';
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
  const sections = reportSections(summary, hosts(document), { axes: true, leftOut: document.leftOut });
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
${sections.map(sectionHtml).join('\n')}
</main>
</div>
<script type="application/json" id="data">${JSON.stringify(document).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Empty hosts, which the page's program fills. */
function hosts({ summary, curves, examples, routing }: PageDocument): Charts {
  const each = (name: ChartPlace): string =>
    summary.contexts.map((_, i) => `<div data-view="${name}" data-context="${i}"></div>`).join('\n');
  const one = (name: ChartPlace): string => `<div data-view="${name}"></div>`;
  const axes = summary.arms.some((arm) => Object.keys(arm.axes).length > 0);
  return {
    arms: each('arms'),
    differences: each('differences'),
    explorer: axes ? each('explorer') : '',
    parallel: axes ? each('parallel') : '',
    importance: axes ? each('importance') : '',
    pareto: each('pareto'),
    curves: curves.index.length > 0 ? one('curves') : '',
    examples: examples ? one('examples') : '',
    load: summary.arms.some(({ load }) => load !== null) ? each('load') : '',
    routing: routing.length > 0 ? one('routing') : '',
    reliability: summary.arms.some((arm) => arm.calibration) ? each('reliability') : '',
  };
}
