import { UserError } from '@gmoe/core';
import { convertLlama2c, countParameters, familiesOf, writeNewFolder } from '@gmoe/model';
import type { Command } from 'commander';
import { components } from '../components.js';

const FORMATS = { llama2c: convertLlama2c } as const;

export function addConvert(program: Command): void {
  program
    .command('convert')
    .description('turn a checkpoint of another kind into a folder in Hugging Face layout')
    .argument('<format>', Object.keys(FORMATS).join(' | '))
    .argument('<model>', "the checkpoint; llama2c: llama2.c's MODEL.bin")
    .argument('<tokenizer>', "its tokenizer; llama2c: llama2.c's .bin, or SentencePiece's .model")
    .argument('<out>', 'new folder')
    .action(runConvert);
}

async function runConvert(format: string, model: string, tokenizer: string, out: string): Promise<void> {
  if (!Object.hasOwn(FORMATS, format)) {
    throw new UserError(`format: '${format}' is not known; known: ${Object.keys(FORMATS).join(', ')}`);
  }
  const convert = FORMATS[format as keyof typeof FORMATS];
  const { config } = await writeNewFolder(out, (draft) => convert(model, tokenizer, draft, familiesOf(components)));
  process.stdout.write(
    `${out}: ${config.family}, ${countParameters(config)} parameters, ${config.layers} layers, vocabulary ${config.vocabSize}\n`,
  );
}
