import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, parseOptions, UserError, type Json } from '@gmoe/core';
import { taskKind, SPLITS, type Split } from '@gmoe/datasets';
import { createEvaluator, scoringKind } from '@gmoe/evaluation';
import { parseSweep, type JsonObject } from '@gmoe/experiment';
import { STORED_WEIGHTS } from '@gmoe/model';
import { createEngine } from '@gmoe/tensor';
import {
  attachAdapter,
  baseOf,
  checkPositions,
  checkWeightsFit,
  loadBase,
  loadTaskData,
  readAdapter,
  scoringOf,
} from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { addEngineOptions, readEngineOptions } from '../engine-options.js';
import { WEIGHTS_OPTION } from '../model-options.js';
import { printNotes } from '../print-notes.js';
import { components, schema } from '../components.js';

const optionsSchema = z.object({
  adapter: z.string().optional(),
  base: z.string().optional(),
  weights: z.enum(STORED_WEIGHTS).optional(),
  task: z.string(),
  data: z.string().optional(),
  split: z.enum(SPLITS).default('test'),
  scoring: z.string().optional(),
  limit: z.coerce.number().int().min(1).optional(),
  sequenceLength: z.coerce.number().int().min(2).default(256),
  set: z.array(z.string()).default([]),
  out: z.string().optional(),
});

export function addEval(program: Command): void {
  addEngineOptions(
    program
      .command('eval')
      .description('score a base model, or a base with an adapter, on a task')
      .requiredOption('--task <id>', `${components.ids(taskKind).join(' | ')}`)
      .option('--adapter <dir>', "adapter folder, e.g. a trial's adapter/ (default: the bare base)")
      .option('--base <dir>', "base model folder (default: the adapter's own base, else bundled)")
      .option('--weights <type>', WEIGHTS_OPTION)
      .option('--data <dir>', "folder with the task's official files (default: the bundled copy)")
      .option('--split <name>', `${SPLITS.join(' | ')} (default: test)`)
      .option(
        '--scoring <name>',
        `${components.ids(scoringKind).join(' | ')} (default: label-token; for texts perplexity)`,
      )
      .option('--limit <n>', 'score as many examples, a sample drawn by their ids')
      .option('--sequence-length <n>', 'longest prompt, tokens (default: 256)')
      .option(
        '--set <path=value...>',
        'a field of the config, e.g. task.answers=text, task.trainFile=my.csv, evaluation.normalize=characters',
        (value: string, all: string[] = []) => [...all, value],
      )
      .option('--out <dir>', 'write metrics.json and predictions.jsonl here')
      .action(runEval),
  );
}

async function runEval(raw: object): Promise<void> {
  const options = parseOptions(optionsSchema, raw, '--');
  const loaded = options.adapter === undefined ? undefined : await readAdapter(options.adapter, components);
  if (loaded) printNotes(loaded.notes);
  const description = loaded?.description;
  const base = baseOf(options, loaded);
  checkWeightsFit(base, readEngineOptions(raw).device);
  const spec = parseSweep(
    {
      trial: {
        base,
        task: { id: options.task, ...(options.data === undefined ? {} : { dataDir: options.data }) },
        evaluation: {
          ...(options.scoring === undefined ? {} : { scoring: options.scoring }),
          sequenceLength: options.sequenceLength,
          ...(options.limit === undefined ? {} : { limit: options.limit }),
        },
        adapter: (description?.adapter ?? { id: 'lora' }) as Json,
        router: (description?.router ?? null) as Json,
        coordination: (description?.coordination ?? []) as unknown as Json,
      },
    },
    { source: 'eval', name: 'eval', set: options.set },
  );
  if (spec.grid)
    throw new UserError(`--set ${options.set.join(' --set ')}: one value a field; gmoe sweep takes several`);
  const written = schema.resolve(spec.trial as JsonObject, 'eval');
  const named = options.scoring !== undefined || options.set.some((each) => each.startsWith('evaluation.scoring'));
  const texts = components.build(taskKind, written.task).kind === 'text';
  const config =
    texts && !named ? { ...written, evaluation: { ...written.evaluation, scoring: 'perplexity' } } : written;
  const model = await loadBase(config.base, components, config.compute);
  const items = await (await loadTaskData(config, model.tokenizer, components)).split(options.split as Split);
  const { sequenceLength: length } = config.evaluation;
  await checkPositions(model.config, { field: '--sequence-length', length, examples: () => Promise.resolve(items) });
  if (options.out !== undefined) makeOut(options.out);
  const engine = await createEngine({ ...config.engine, ...readEngineOptions(raw) });
  try {
    const { adapter, start } = loaded ? attachAdapter(loaded, model, components) : {};
    const evaluator = createEvaluator(
      engine,
      {
        config: model.config,
        weights: model.weights,
        tokenizer: model.tokenizer,
        ...(adapter && start ? { adapter, adapterFrozen: start.frozen } : {}),
      },
      items,
      scoringOf(config, components),
      config.evaluation,
    );
    const { metrics, predictions } = await evaluator.evaluate({
      trainable: start?.trainable ?? {},
      buffers: start?.state ?? {},
    });
    await evaluator.dispose();
    for (const [name, value] of Object.entries(metrics)) {
      process.stdout.write(`${name.padEnd(28)} ${Number.isInteger(value) ? value : value.toFixed(4)}\n`);
    }
    if (options.out === undefined) return;
    writeFileSync(join(options.out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
    writeFileSync(
      join(options.out, 'predictions.jsonl'),
      predictions.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  } finally {
    await engine.dispose();
  }
}

/** Before anything is scored. @throws UserError where results cannot be written */
function makeOut(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new UserError(`--out: ${out}: cannot be made a folder: ${messageOf(error)}`, { cause: error });
  }
}
