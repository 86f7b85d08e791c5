import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadResults } from '@gmoe/report';
import { armTable, ratesTable, testTable } from './study-tables.js';

const STUDY = 'docs/study.md';
const RESULTS = 'results/real-llm';
const [BEGIN, END] = ['<!-- results: begin -->', '<!-- results: end -->'];

/** The part of the study that comes from the published results. */
export function resultsText(root: string): string {
  const folder = join(root, RESULTS);
  const sweeps = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => existsSync(join(folder, name, 'sweep.json')))
        .sort()
    : [];
  if (sweeps.length === 0) return 'Nothing is published yet.\n';
  return sweeps
    .map((name) => {
      const results = loadResults(join(folder, name));
      const finished = results.trials.filter(({ state }) => state === 'finished').length;
      const failed = results.trials.filter(({ state }) => state === 'failed').length;
      const open = results.trials.length - finished - failed;
      const count = `${finished} of ${results.trials.length} trials finished, ${failed} failed, ${open} missing.`;
      const tables = name === 'rates' ? ratesTable(results) : `${armTable(results)}\n${testTable(results)}`;
      return `### ${name}\n\n${count}\n\n${tables}`;
    })
    .join('\n');
}

/** The study with its results in their place. */
export function studyText(root: string): string {
  const text = readFileSync(join(root, STUDY), 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${STUDY}: has no place for results (${BEGIN} ... ${END})`);
  return `${text.slice(0, from)}${BEGIN}\n\n${resultsText(root)}\n${text.slice(to)}`;
}

/** `npx tsx --tsconfig tsconfig.base.json tools/study/main.ts`: puts the tables of `results/real-llm` into docs/study.md. */
export function writeStudy(root: string): void {
  writeFileSync(join(root, STUDY), studyText(root));
}
