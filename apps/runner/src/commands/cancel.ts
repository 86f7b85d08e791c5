import { cancelSweep, SweepStore } from '@gmoe/experiment';
import type { Command } from 'commander';

export function addCancel(program: Command): void {
  program
    .command('cancel')
    .description("cancel a sweep's jobs on Slurm or Ray, whoever submitted them; finished trials stay")
    .argument('<dir>', 'folder of the sweep')
    .option('--now', 'kill running trials instead of asking for a checkpoint')
    .action(async (dir: string, { now = false }: { now?: boolean }) => {
      const jobs = await cancelSweep(SweepStore.open(dir), now ? 'kill' : 'checkpoint');
      const what = now ? 'killed' : 'running trials save a checkpoint';
      process.stdout.write(
        jobs.length > 0
          ? `cancelled job ${jobs.join(', ')}: ${what}; gmoe sweep goes on from there\n`
          : 'no job of this sweep is queued or running (a local sweep is stopped with Ctrl-C)\n',
      );
    });
}
