import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import { SweepStore } from '@gmoe/experiment';
import type { PageOptions, SummariseOptions, SweepResults } from '@gmoe/report';
import { changeLines, changesOf } from './code.js';
import { reportQuestions } from './report-questions.js';

/** How a terminal takes text. */
export function terminalText(out: NodeJS.WriteStream): { color: boolean; width?: number } {
  const width = out.columns;
  return { color: out.isTTY && !process.env['NO_COLOR'], ...(width ? { width } : {}) };
}

/** The results of a sweep, with a remark on finished trials whose code is no longer the present one. */
export async function reportResults(folder: string): Promise<SweepResults> {
  // Loaded here, so that nothing else waits for the charting library.
  const { loadResults } = await import('@gmoe/report');
  const results = loadResults(folder);
  const known = existsSync(join(folder, 'sweep.json'));
  return { ...results, ...(known ? { remarks: changeLines(changesOf(SweepStore.open(folder))) } : {}) };
}

/** The page's options, with the texts of the questions. */
export async function pageOptions(results: SweepResults, options: SummariseOptions = {}): Promise<PageOptions> {
  const configs = new Map(
    results.trials.flatMap(({ trial, config }) => (config ? [[trial.hash, config] as const] : [])),
  );
  return { ...options, questionOf: await reportQuestions(configs) };
}

/** Prints the comparison of a sweep and writes `report.html` beside it; the path of the page is the last line but the verdict. */
export async function writeReport(folder: string, options: SummariseOptions = {}): Promise<void> {
  const { renderReport } = await import('@gmoe/report');
  const results = await reportResults(folder);
  process.stdout.write(`\n${renderReport(results, 'text', options, terminalText(process.stdout))}\n`);
  const path = join(folder, 'report.html');
  writeText(path, renderReport(results, 'html', await pageOptions(results, options)));
  process.stdout.write(`report: ${path}\n`);
}

/** @throws UserError if the file cannot be written: a store may be read-only to whoever reads its report */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError(`${path}: cannot be written; name another file with --out: ${messageOf(error)}`);
  }
}
