import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadResults, reportCharts, summarise, wideSvg, type SweepResults } from '@gmoe/report';
import { routingTable, scoreTable } from './arm-table.js';
import { overviewTable } from './overview-table.js';
import { ratesTable } from './rates-table.js';
import { testTable } from './test-table.js';

const STUDY = 'docs/study.md';
const IMAGES = 'docs/images';
const RESULTS = 'results/real-llm';
const RATES = 'rates';
/** Asked for letters, which tests none of the hypotheses. */
const CONTROL = 'letters';
const [BEGIN, END] = ['<!-- results: begin -->', '<!-- results: end -->'];

/** The study's text and figures, made of the published results. */
export interface Study {
  readonly text: string;
  /** File of docs/images to its SVG. */
  readonly figures: ReadonlyMap<string, string>;
}

export function studyOf(root: string): Study {
  const page = readFileSync(join(root, STUDY), 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${STUDY}: has no place for results (${BEGIN} ... ${END})`);
  const sweeps = publishedSweeps(root);
  const tasks = new Map([...sweeps].filter(([name]) => name !== RATES && name !== CONTROL));
  const rates = sweeps.get(RATES);
  const control = sweeps.get(CONTROL);
  const figures = new Map<string, string>();
  const parts = [
    ...(tasks.size > 0 ? [`### Accuracy and stability\n\n${overviewTable(tasks)}`] : []),
    ...[...tasks].map(([name, results]) => {
      const file = `study-${name}.svg`;
      const figure = reportCharts(results, summarise(results)).find(({ id }) => id.startsWith('arms-'));
      if (figure) figures.set(file, onWhite(wideSvg(figure)));
      const picture = figure ? `![${figure.title} on ${name}](images/${file})\n\n_${figure.caption}_\n\n` : '';
      const tables = [scoreTable(results), testTable(results), routingTable(results)].join('\n');
      return `### ${name}\n\n${counts(results)}\n\n${picture}${tables}`;
    }),
    ...(control ? [`### ${CONTROL}: a control\n\n${counts(control)}\n\n${scoreTable(control)}`] : []),
    ...(rates ? [`### ${RATES}\n\n${counts(rates)}\n\n${ratesTable(rates)}`] : []),
  ];
  const made = parts.length > 0 ? parts.join('\n') : 'Nothing is published yet.\n';
  return { text: `${page.slice(0, from)}${BEGIN}\n\n${made}\n${page.slice(to)}`, figures };
}

/** A page may be dark, the ink is not. */
const onWhite = (svg: string): string => `${svg.replace('<svg ', '<svg style="background:#fff" ')}\n`;

function publishedSweeps(root: string): Map<string, SweepResults> {
  const folder = join(root, RESULTS);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(
    names
      .filter((name) => existsSync(join(folder, name, 'sweep.json')))
      .map((name) => [name, loadResults(join(folder, name))]),
  );
}

function counts({ trials }: SweepResults): string {
  const finished = trials.filter(({ state }) => state === 'finished').length;
  const failed = trials.filter(({ state }) => state === 'failed').length;
  return `${finished} of ${trials.length} trials finished, ${failed} failed, ${trials.length - finished - failed} missing.`;
}

/** `npx tsx --tsconfig tsconfig.base.json tools/study/main.ts`: puts tables and figures of `results/real-llm` into docs/. */
export function writeStudy(root: string): void {
  const { text, figures } = studyOf(root);
  for (const [file, svg] of figures) writeFileSync(join(root, IMAGES, file), svg);
  writeFileSync(join(root, STUDY), text);
}
