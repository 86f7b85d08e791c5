/** Runs a share of the trials of a make-believe sweep: argv = spool folder, JSON of the sweep, JSON of trial indices. */
import { setTimeout as sleep } from 'node:timers/promises';
import { recordLayout, trialLayout, type SweepFields } from '../sweep-layout.js';
import { openSpool } from '../spool.js';

const [directory, sweepJson, trialsJson] = process.argv.slice(2) as [string, string, string];
const sweep = JSON.parse(sweepJson) as SweepFields;
const spool = openSpool(directory);
for (const index of JSON.parse(trialsJson) as number[]) {
  const arm = `arm ${index >> 2}`;
  const seed = index % 4;
  const config = { router: { id: arm }, seed };
  const run = recordLayout(
    spool,
    trialLayout(sweep, { arm, seed, hash: `trial-${index}`, group: arm, config, command: `gmoe train ${index}` }),
  );
  for (let step = 0; step < 200; step++) {
    run.metrics(step, {
      'train/loss': 1 / (step + index + 1),
      'train/learning_rate': 1e-4,
      'train/tokens_per_second': 1000 + step,
    });
    await sleep(20);
  }
  run.metrics(199, { 'final/accuracy': index / 24 });
  run.end('FINISHED');
  process.stdout.write(`${index}\n`);
}
