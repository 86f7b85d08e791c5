import { convertGguf, convertLlama2c, countParameters, familiesOf, writeNewFolder } from '@gmoe/model';
import type { Command } from 'commander';
import { components } from '../components.js';

export function addConvert(program: Command): void {
  const convert = program
    .command('convert')
    .description('turn a checkpoint of another kind into a folder in Hugging Face layout');
  convert
    .command('gguf')
    .description("a GGUF file (llama.cpp's), with its tokenizer; weights become float32")
    .argument('<model>', 'MODEL.gguf')
    .argument('<out>', 'new folder')
    .action(async (model: string, out: string) => {
      const { architecture } = await writeNewFolder(out, (draft) => convertGguf(model, draft));
      process.stdout.write(`${out}: ${architecture}, weights as float32\n`);
    });
  convert
    .command('llama2c')
    .description("llama2.c's MODEL.bin")
    .argument('<model>', 'MODEL.bin')
    .argument('<tokenizer>', "llama2.c's .bin, or SentencePiece's .model")
    .argument('<out>', 'new folder')
    .action(async (model: string, tokenizer: string, out: string) => {
      const { config } = await writeNewFolder(out, (draft) =>
        convertLlama2c(model, tokenizer, draft, familiesOf(components)),
      );
      process.stdout.write(
        `${out}: ${config.family}, ${countParameters(config)} parameters, ${config.layers} layers, vocabulary ${config.vocabSize}\n`,
      );
    });
}
