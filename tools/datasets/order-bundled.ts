/**
 * Puts the rows of bundled question files, which their authors sort by answer, into the order of `keyedRank` of their ids:
 *
 *     tsx --tsconfig tsconfig.base.json tools/datasets/order-bundled.ts libs/datasets/data/arc/*.jsonl.gz
 *
 * Rows are not changed. Running it again changes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { byKeyedRank } from '@gmoe/datasets';

const files = process.argv.slice(2);
if (files.length === 0) throw new Error('usage: order-bundled.ts FILE.jsonl.gz ...');
for (const file of files) {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const rows = lines.map((line) => ({ id: (JSON.parse(line) as { id: string }).id, line }));
  const ordered = byKeyedRank(rows).map(({ line }) => `${line}\n`);
  writeFileSync(file, gzipSync(ordered.join(''), { level: 9 }));
  process.stdout.write(`${file}: ${ordered.length} rows\n`);
}
