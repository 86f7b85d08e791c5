import { Command } from 'commander';
import { addPretrain } from './commands/pretrain.js';

/** The command line. */
export function createProgram(): Command {
  const program = new Command('gmoe')
    .description('Fine-tune language models with routed mixtures of LoRA experts, and find out which routing ideas help.')
    .option('--debug', 'print stack traces')
    .exitOverride()
    .showHelpAfterError('(gmoe --help lists commands and options)');
  addPretrain(program);
  return program;
}
