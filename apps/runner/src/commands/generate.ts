import { parseOptions } from '@gmoe/core';
import { createGenerator, createTextStream } from '@gmoe/model';
import { createEngine, RandomKey } from '@gmoe/tensor';
import { loadAdaptedModel } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { COMPUTE_OPTION, modelOptionsShape, WEIGHTS_OPTION } from '../model-options.js';
import { printNotes } from '../print-notes.js';
import { components } from '../components.js';

const optionsSchema = z.object({
  ...modelOptionsShape,
  prompt: z.string(),
  maxTokens: z.coerce.number().int().min(1).default(128),
  temperature: z.coerce.number().min(0).default(0),
  topP: z.coerce.number().gt(0).max(1).default(1),
  seed: z.coerce.number().int().min(0).default(0),
  stream: z.boolean().default(false),
});

export function addGenerate(program: Command): void {
  addEngineOptions(
    program
      .command('generate')
      .description('continue a text with a base model, or with a base and an adapter')
      .requiredOption('--prompt <text>', 'the text to continue')
      .option('--base <dir>', "base model folder (default: the adapter's own base, else bundled)")
      .option('--weights <type>', WEIGHTS_OPTION)
      .option('--compute <type>', COMPUTE_OPTION)
      .option('--adapter <dir>', "adapter folder: plain LoRA or a routed mixture, e.g. a trial's adapter/")
      .option('--max-tokens <n>', 'tokens to write at most (default: 128)')
      .option('--temperature <t>', '0: always the likeliest token; 1: the model distribution (default: 0)')
      .option(
        '--top-p <p>',
        'with a temperature: draw among the likeliest tokens of this probability together (default: 1)',
      )
      .option('--seed <n>', 'seed of the draws (default: 0)')
      .option('--stream', 'print each word as it comes')
      .action(runGenerate),
  );
}

async function runGenerate(raw: object): Promise<void> {
  const { prompt, maxTokens, temperature, topP, seed, stream, ...folders } = parseOptions(optionsSchema, raw, '--');
  const engineOptions = readEngineOptions(raw);
  const model = await loadAdaptedModel(folders, components, engineOptions.device);
  printNotes(model.notes);
  // What the tokenizer would put behind a text, an EOS, would end it before it is continued.
  const promptIds = [...model.tokenizer.startIds, ...(await model.tokenizer.encode(prompt))];
  const engine = await createEngine(engineOptions);
  try {
    const generator = createGenerator(engine, model);
    const text = createTextStream(model.tokenizer, promptIds);
    const written: string[] = [];
    const write = (piece: string) => void (stream ? process.stdout.write(piece) : written.push(piece));
    let begun = false;
    await generator.generate(
      promptIds,
      { maxTokens, temperature, topP, stopIds: [...(model.tokenizer.stopIds ?? [])] },
      RandomKey.fromSeed(seed),
      (id) => {
        // The prompt only once there is a first token: a refused prompt prints nothing.
        if (!begun) write(prompt);
        begun = true;
        write(text.push(id));
      },
    );
    if (!begun) write(prompt);
    process.stdout.write(`${written.join('')}${text.end()}\n`);
    await generator.dispose();
  } finally {
    await engine.dispose();
  }
}
