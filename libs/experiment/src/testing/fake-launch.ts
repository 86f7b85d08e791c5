import { SweepStore } from '../store/index.js';
import { fakeLauncher } from './fake-launcher.js';

const [folder, worker, stepMs, jobs] = process.argv.slice(2) as [string, string, string, string];
const store = SweepStore.open(folder);
const run = await fakeLauncher(worker, { stepMs: Number(stepMs), jobs: Number(jobs) }).submit({ store });
for await (const event of run.events()) {
  if (event.type === 'trial-started') process.stdout.write(`${event.trial.hash} ${event.resumedFrom ?? 0}\n`);
}
const summary = await run.done;
process.exitCode = summary.remaining === 0 ? 0 : 1;
