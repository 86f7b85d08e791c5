import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadSweep, planStatus, planSweep, SweepStore } from '@gmoe/experiment';
import type { Command } from 'commander';
import { presets } from '../presets.js';
import { duration } from '../progress/sweep-state.js';
import { schema } from '../registries.js';

export function addPlan(program: Command): void {
  program
    .command('plan')
    .description('list the arms and trials of a sweep, what is done, failed or open, and how long the rest may take')
    .argument('<sweep.yaml>', 'sweep file')
    .option('--out <dir>', 'folder of the sweep (default: runs/NAME)')
    .option('--set <path=value...>', 'override a field', (value: string, all: string[] = []) => [...all, value])
    .action((file: string, options: { out?: string; set?: string[] }) => {
      const plan = planSweep(loadSweep(file, { set: options.set ?? [] }), { schema, presets });
      const folder = resolve(options.out ?? join('runs', plan.name));
      const state = new Map<string, string>();
      let estimate: number | undefined;
      if (existsSync(join(folder, 'sweep.json'))) {
        const store = SweepStore.open(folder);
        const status = planStatus(store);
        for (const trial of status.arms.flatMap((arm) => arm.trials)) state.set(trial.hash, trial.state);
        estimate = status.estimate?.secondsLeft;
      }
      for (const arm of plan.arms) {
        process.stdout.write(`${arm.name}\n`);
        for (const { hash, seed } of arm.trials) {
          process.stdout.write(
            `  ${hash.slice(0, 16)}  seed ${String(seed).padEnd(4)}  ${state.get(hash) ?? 'todo'}\n`,
          );
        }
      }
      const done = plan.trials.filter(({ hash }) => state.get(hash) === 'finished').length;
      process.stdout.write(
        `${plan.trials.length} trials in ${plan.arms.length} arms, ${done} finished` +
          (plan.duplicates > 0 ? `, ${plan.duplicates} duplicate combinations left out` : '') +
          (estimate === undefined ? '' : `, about ${duration(estimate)} left`) +
          '\n',
      );
    });
}
