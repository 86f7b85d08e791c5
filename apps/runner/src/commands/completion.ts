import { Argument, type Command } from 'commander';
import { COMPLETIONS } from '../completion/scripts.js';
import { programWords } from '../completion/words.js';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script with which a shell completes commands and options: eval "$(gmoe completion bash)"')
    .addArgument(new Argument('<shell>', Object.keys(COMPLETIONS).join(' | ')).choices(Object.keys(COMPLETIONS)))
    .action((shell: string) => {
      process.stdout.write(COMPLETIONS[shell]!(programWords(program)));
    });
}
