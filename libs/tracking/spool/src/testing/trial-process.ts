/** Records a run until it is killed: argv = spool folder, run id, first step. Says each hundred steps on stdout. */
import { openSpool } from '../spool.js';

const [directory, id, first] = process.argv.slice(2) as [string, string, string];
const run = openSpool(directory).run({ id, experiment: 'killed', name: 'killed trial' });
run.params({ rank: 4 });
for (let step = Number(first); ; step++) {
  run.metrics(step, { 'train/loss': 1 / (step + 1), 'train/learning_rate': 1e-4 });
  if (step % 100 === 99) process.stdout.write(`${step}\n`);
  if (step % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
}
