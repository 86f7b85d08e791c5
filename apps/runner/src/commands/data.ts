import { basename, dirname, extname, resolve } from 'node:path';
import { canonicalJson, parseOptions, UserError, type Json } from '@gmoe/core';
import { dataReport, reportText, taskKind, type DataReport } from '@gmoe/datasets';
import { loadSweep, parseSweep, type JsonObject, type SweepSpec } from '@gmoe/experiment';
import { loadTokenizer } from '@gmoe/model';
import { baseDir, basePlace, checkTrialData, encodingOf, type TrialConfig } from '@gmoe/trial';
import type { Command } from 'commander';
import { z } from 'zod';
import { dataOverride } from '../data-override.js';
import { readYaml } from '../read-yaml.js';
import { components, schema } from '../components.js';
import { planWithPlugins } from '../plugins.js';
import { EXIT } from '../exit.js';
import { trialOf } from './train.js';

const optionsSchema = z.object({
  task: z.string().optional(),
  data: z.string().optional(),
  base: z.string().optional(),
  sequenceLength: z.coerce.number().int().min(2).optional(),
  set: z.array(z.string()).default([]),
  format: z.enum(['text', 'json']).default('text'),
});
type Options = z.output<typeof optionsSchema>;

export function addData(program: Command): void {
  program
    .command('data')
    .description("report on a task's data: rows, tokens, truncated, dropped and why, class balance, digest")
    .argument('[file.yaml]', 'trial config or sweep; every task and base of it')
    .option('--task <id>', `instead of a file: ${components.ids(taskKind).join(' | ')}`)
    .option('--data <dir>', "folder with the task's files (default: the bundled copy)")
    .option('--base <dir>', 'model folder whose tokenizer counts (default: as the file says, else bundled)')
    .option('--sequence-length <n>', 'tokens beyond which an example is cut (default: as the file says, else 256)')
    .option('--set <path=value...>', 'override a field', (value: string, all: string[] = []) => [...all, value])
    .option('--format <name>', 'text | json (default: text)')
    .action(runData);
}

async function runData(file: string | undefined, raw: object): Promise<void> {
  const options = parseOptions(optionsSchema, raw, '--');
  if ((file === undefined) === (options.task === undefined)) {
    throw new UserError('gmoe data: name either a file or --task ID');
  }
  const reports: ScoredReport[] = [];
  for (const config of await configsOf(file, options)) {
    const task = components.build(taskKind, config.task);
    await task.prepare?.();
    const tokenizer = await loadTokenizer(await baseDir(basePlace(config.base)));
    const length = options.sequenceLength ?? config.training.sequenceLength;
    const report = await dataReport(task, tokenizer, length, encodingOf(task, tokenizer));
    const unscored = isWhole(report) ? await unscoredBecause(config) : undefined;
    reports.push(unscored === undefined ? report : { ...report, unscored });
  }
  process.stdout.write(
    options.format === 'json' ? `${JSON.stringify(reports, null, 2)}\n` : reports.map(textOf).join('\n'),
  );
  if (reports.some(({ missing }) => missing.length > 0)) process.exitCode = EXIT.failed;
}

interface ScoredReport extends DataReport {
  /** Why the scoring of the config cannot score these examples, as a plan would refuse them. */
  readonly unscored?: string;
}

/** Whether all splits are there, with questions, which have a scoring by default. */
const isWhole = ({ splits, missing }: DataReport): boolean =>
  missing.length === 0 && splits.every(({ chance }) => chance !== undefined);

async function unscoredBecause(config: TrialConfig): Promise<string | undefined> {
  try {
    await checkTrialData(config, components);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

const textOf = (report: ScoredReport): string =>
  reportText(report) + (report.unscored === undefined ? '' : `cannot be scored: ${report.unscored}\n`);

/** A config for each task, base and sequence length that is asked about. */
async function configsOf(file: string | undefined, options: Options): Promise<TrialConfig[]> {
  const set = [
    ...options.set,
    ...dataOverride(options.data),
    ...(options.base === undefined ? [] : [`base=${JSON.stringify(options.base)}`]),
  ];
  const folder = file === undefined ? undefined : dirname(file);
  const { arms } = await planWithPlugins(specOf(file, options, set), { folder, set });
  const configs = arms.map((arm) => schema.resolve(arm.trials[0]!.config));
  const distinct = new Map(
    configs.map((config) => [
      canonicalJson([basePlace(config.base), config.task as Json, config.training.sequenceLength]),
      config,
    ]),
  );
  return [...distinct.values()];
}

function specOf(file: string | undefined, { task }: Options, set: readonly string[]): SweepSpec {
  if (file === undefined)
    return parseSweep(
      { trial: { task: { id: task! }, adapter: { mixture: null } } },
      { source: '--task', name: 'data', set },
    );
  const raw = readYaml(file) as JsonObject | null;
  if (raw && typeof raw === 'object' && ('grid' in raw || 'trial' in raw || 'extends' in raw)) {
    return loadSweep(file, { set });
  }
  const { preset, plugins, ...trial } = trialOf(raw, file);
  return parseSweep(
    { trial, ...(preset === undefined ? {} : { preset }), ...(plugins === undefined ? {} : { plugins }) },
    { source: file, name: basename(file, extname(file)), set, folders: [dirname(resolve(file))] },
  );
}
