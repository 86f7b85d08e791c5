/**
 * `npx tsx --tsconfig tsconfig.base.json tools/study/main.ts`: puts the tables of `results/real-llm` into docs/study.md.
 * With a sweep's folder: prints the table of its arms, e.g. for docs/ablation.md.
 */
import { loadResults } from '@gmoe/report';
import { armTable } from './study-tables.js';
import { writeStudy } from './write-study.js';

const folder = process.argv[2];
if (folder === undefined) writeStudy(process.cwd());
else process.stdout.write(armTable(loadResults(folder)));
