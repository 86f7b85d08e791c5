import type { SweepResults } from '../results/sweep-results.js';
import { summarise, type SummariseOptions } from '../summary/index.js';
import { armTable } from '../tables/index.js';

export function renderHtml(results: SweepResults, options: SummariseOptions = {}): string {
  return armTable(summarise(results, options)).title;
}
