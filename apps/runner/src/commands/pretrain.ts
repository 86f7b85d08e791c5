import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseOptions, stableHash, UserError, type Json } from '@gmoe/core';
import { familiesOf, saveModel } from '@gmoe/model';
import { createEngine } from '@gmoe/tensor';
import { pretrain, pretrainRecipeSchema, type PretrainedModel, type PretrainRecipe } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { components } from '../components.js';
import { addEngineOptions, addRecomputeOption, readEngineOptions } from '../engine-options.js';
import { EXIT } from '../exit.js';
import { onInterrupt } from '../interrupt.js';
import { readYaml } from '../read-yaml.js';

export function addPretrain(program: Command): void {
  const command = program
    .command('pretrain')
    .description('train a base model and its tokenizer from scratch, as a recipe says; resumes where it was stopped')
    .argument('<recipe.yaml>', 'recipe file')
    .option(
      '--steps <n>',
      "pause after this many of the recipe's steps, with the model so far; without it the run goes on",
    )
    .option('--overwrite', 'take the place of a finished model in the output folder')
    .action(runPretrain);
  addRecomputeOption(addEngineOptions(command));
}

async function runPretrain(path: string, options: { steps?: string; overwrite?: true }): Promise<void> {
  const recipe: PretrainRecipe = components.resolve(pretrainRecipeSchema, readYaml(path), { where: path });
  const { steps: stopAfter } = parseOptions(stepsOption(recipe.training.steps), options, '--');
  const output = resolve(dirname(path), recipe.output);
  const work = `${output}.work`;
  // Beside a run that goes on, what lies there is that run's.
  if (!existsSync(work) && existsSync(join(output, 'config.json')) && options.overwrite === undefined) {
    throw new UserError(
      `${path}: output: ${output} holds a model; name another folder, or train it anew in its place with --overwrite`,
    );
  }
  const engine = await createEngine(readEngineOptions(options));
  const stop = onInterrupt('stopping after this step, with a checkpoint');
  mkdirSync(work, { recursive: true });
  const log = join(work, 'training-log.jsonl');
  const started = Date.now();
  const run = pretrain({
    recipe,
    engine,
    families: familiesOf(components),
    components,
    ...(stopAfter === undefined ? {} : { stopAfter }),
    checkpoint: { folder: join(work, 'checkpoint'), identity: stableHash(recipe as unknown as Json) },
    signal: stop.signal,
  });
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    const event = next.value;
    if (event.type === 'step' && event.step % 25 !== 0 && event.step !== 1) continue;
    if (event.type === 'checkpoint') continue;
    if (event.type !== 'note') appendFileSync(log, `${JSON.stringify({ ...event, time: Date.now() })}\n`);
    process.stdout.write(`${line(event, recipe)}\n`);
  }
  stop.dispose();
  await engine.dispose();
  const model = next.value;
  if (model.stopped !== 'finished' && model.stopped !== 'paused') {
    process.stdout.write(`stopped (${model.stopped}) after step ${model.steps}; run the same command to go on\n`);
    process.exitCode = model.stopped === 'aborted' ? EXIT.interrupted : EXIT.failed;
    return;
  }
  await saveModel(output, model, { floats: 'F16' });
  writeFileSync(join(output, 'training-log.jsonl'), readFileSync(log));
  writeFileSync(join(output, 'training.json'), `${JSON.stringify(summary(model, recipe, started), null, 2)}\n`);
  if (model.stopped === 'finished') rmSync(work, { recursive: true });
  const rest = model.stopped === 'paused' ? ` of ${recipe.training.steps}; without --steps the run goes on` : '';
  process.stdout.write(
    `${output}: ${model.bitsPerCharacter.toFixed(3)} bits per character on held-out text after ${model.steps} steps${rest}\n`,
  );
}

/** `--steps`: a step of the recipe at which the run pauses. */
const stepsOption = (most: number) => z.looseObject({ steps: z.coerce.number().int().min(1).max(most).optional() });

function line(
  event: { type: string; step: number; metrics?: Record<string, number>; text?: string },
  recipe: PretrainRecipe,
): string {
  const at = `step ${event.step}/${recipe.training.steps}`;
  if (event.type === 'note') return `${at}  ${event.text}`;
  const metrics = event.metrics ?? {};
  if (event.type === 'eval')
    return `${at}  held-out: ${metrics['eval/bits_per_character']?.toFixed(4)} bits per character`;
  return `${at}  loss ${metrics['train/loss']?.toFixed(4)}  ${metrics['train/tokens_per_second']?.toFixed(0)} tokens/s`;
}

function summary(model: PretrainedModel, recipe: PretrainRecipe, started: number): object {
  return {
    recipe,
    steps: model.steps,
    trainedTokens: model.trainedTokens,
    parameters: Object.values(model.weights).reduce((sum, { size }) => sum + size, 0),
    corpus: model.corpus,
    heldOut: { bitsPerCharacter: model.bitsPerCharacter, bitsPerToken: model.bitsPerToken },
    secondsOfLastRun: Math.round((Date.now() - started) / 1000),
  };
}
