import { publishResults } from '@gmoe/experiment';
import type { Command } from 'commander';

export function addPublish(program: Command): void {
  program
    .command('publish')
    .description(
      "copy a sweep's results, without weights, curves and paths, into a folder small enough for a repository; or out of it into a sweep's folder, which then goes on from them",
    )
    .argument('<from>', 'folder of a sweep, or of published results')
    .argument('<to>', 'folder to add to; results that it has stay')
    .action((from: string, to: string) => {
      const { added, present, missing } = publishResults(from, to);
      process.stdout.write(
        `${to}: ${added} trials added, ${present} there before, ${missing} of the sweep without a result\n`,
      );
    });
}
