/**
 * `npx tsx --tsconfig tsconfig.base.json tools/study/main.ts`: puts the tables and figures of `results/real-llm` into docs/study.md.
 * With a sweep's folder: prints the tables of its arms, e.g. for docs/ablation.md.
 */
import { loadResults } from '@gmoe/report';
import { routingTable, scoreTable } from './arm-table.js';
import { writeStudy } from './write-study.js';

const folder = process.argv[2];
if (folder === undefined) writeStudy(process.cwd());
else {
  const results = loadResults(folder);
  process.stdout.write(`${scoreTable(results)}\n${routingTable(results)}`);
}
