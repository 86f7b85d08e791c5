import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, parseOptions, redact, UserError, writeWhole, type ComponentChoice } from '@gmoe/core';
import {
  launcherKind,
  loadSweep,
  retryFailed,
  rerun,
  SweepStore,
  type Launcher,
  type SweepPlan,
} from '@gmoe/experiment';
import { readGitState } from '@gmoe/spool';
import type { EngineOptions } from '@gmoe/tensor';
import type { Command } from 'commander';
import { z } from 'zod';
import { measureBaselines } from '../baselines.js';
import { dataOverride } from '../data-override.js';
import { addEngineOptions, readEngineOptions, requireEngine } from '../engine-options.js';
import { EXIT } from '../exit.js';
import { onInterrupt } from '../interrupt.js';
import { createProgress } from '../progress/progress.js';
import { readYaml } from '../read-yaml.js';
import { components } from '../components.js';
import { changeLines, changesOf } from '../code.js';
import { printNotes } from '../print-notes.js';
import { planWithPlugins, storePlugins } from '../plugins.js';
import { shellCommand } from '../shell-command.js';
import { checkData } from '../data-needs.js';
import { checkStopping } from '../stopping-needs.js';
import { packageVersions } from '../tracking/package-versions.js';
import { registerSweep } from '../tracking/sweep-tracking.js';
import { writeSweepReport } from '../sweep-report.js';
import { trackSweep } from '../tracking/track-sweep.js';
import { workerCommand } from '../worker-command.js';

const optionsSchema = z.object({
  dryRun: z.boolean().default(false),
  out: z.string().optional(),
  jobs: z.coerce.number().int().min(1).optional(),
  launcher: z.string().optional(),
  profile: z.string().optional(),
  detach: z.boolean().default(false),
  set: z.array(z.string()).default([]),
  data: z.string().optional(),
  retryFailed: z.boolean().default(false),
  rerun: z.string().optional(),
});

export function addSweep(program: Command): void {
  addEngineOptions(
    program
      .command('sweep')
      .description('run what is missing of a sweep: every arm over every seed; then print and write the comparison')
      .argument('<sweep.yaml>', 'sweep file')
      .option('--dry-run', 'list the trials and write nothing')
      .option('--out <dir>', 'folder of the sweep (default: runs/NAME)')
      .option('--jobs <n>', 'trials at a time, each a process of its own (default: one per core)')
      .option(
        '--launcher <id>',
        `where trials run: ${components.ids(launcherKind).join(' | ')}, or one of a plug-in (default: as the file says, else local)`,
      )
      .option(
        '--profile <file>',
        "YAML file with the launcher's options (default: slurm), laid over those of the sweep file",
      )
      .option('--detach', 'submit and return; the same command follows the jobs later; not for local')
      .option('--set <path=value...>', 'override a field; several values separated by commas become an axis', collect)
      .option('--data <dir>', "folder with the task's files; the same as --set task.dataDir=DIR")
      .option('--retry-failed', 'run failed trials again')
      .option(
        '--rerun <name>',
        "run finished trials again: an arm's name, an axis's value, or the start of a trial's hash",
      )
      .action(runSweep),
  );
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

async function runSweep(file: string, raw: object): Promise<void> {
  const options = parseOptions(optionsSchema, raw, '--');
  const engine = readEngineOptions(raw);
  const set = [...options.set, ...dataOverride(options.data)];
  const spec = loadSweep(file, { set });
  const plan = await planWithPlugins(spec, { set });
  checkStopping(plan);
  const launcher = chooseLauncher(options, plan.spec.launcher);
  if (options.dryRun) return printPlan(plan);
  // On a cluster the devices are the nodes'.
  if (launcher.id === 'local') await requireEngine(engine);

  const folder = resolve(options.out ?? join('runs', plan.name));
  await checkData(plan, folder);
  const store = SweepStore.create(folder, plan);
  storePlugins(store.folder);
  if (options.retryFailed) retryFailed(store);
  if (options.rerun !== undefined) rerun(store, options.rerun);
  const command = shellCommand(['npx', 'gmoe', 'sweep', file, ...set.flatMap((each) => ['--set', each])]);
  printNotes(changeLines(changesOf(store)));
  registerSweep(store, command);
  writeProvenance(store, file, command);

  const tracking = trackSweep(store, { spec: file });
  const progress = createProgress(store, process.stdout);
  const stop = onInterrupt('stopping: every trial saves a checkpoint; the same command goes on from there');
  try {
    const started = createLauncher(launcher, engine);
    const submission = await started.submit({ store, follow: !options.detach });
    const cancel = (): void => void submission.cancel('checkpoint');
    stop.signal.addEventListener('abort', cancel);
    // Asked to stop while it was being handed over.
    if (stop.signal.aborted) cancel();
    // Nobody waits for it after a hand-over.
    const elsewhere = started.measuresBaselines === true || options.detach;
    const baselines = elsewhere ? Promise.resolve() : measureBaselines(store, engine);
    // Told when it is awaited; until then a failure must not end the process.
    baselines.catch(() => undefined);
    for await (const event of submission.events()) progress.event(event);
    const summary = await submission.done;
    progress.close();
    const reported = await afterwards('the baseline is missing', () => baselines);
    let changed = true;
    const report = async (): Promise<void> =>
      void (changed = await writeSweepReport(store, changeLines(changesOf(store)), process.stdout));
    const written = summary.finished === 0 || (await afterwards('no report', report));
    await tracking.close(stop.signal.aborted || options.detach, changed);
    if (stop.signal.aborted) process.exitCode = EXIT.interrupted;
    else if (summary.failed + summary.damaged > 0 || !reported || !written) process.exitCode = EXIT.failed;
  } finally {
    progress.close();
    stop.dispose();
  }
}

/** What comes after the trials must not cost them: their results stand, and one line tells what is not there. */
async function afterwards(missing: string, action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    process.stderr.write(`gmoe: ${missing} (${redact(messageOf(error))}); the trials' results stand\n`);
    return false;
  }
}

/**
 * Where the trials run: as the command line says, else as the sweep file says; of a profile's options each one counts
 * before the file's.
 */
function chooseLauncher(
  { launcher, profile, jobs, detach }: z.output<typeof optionsSchema>,
  fromFile: ComponentChoice | undefined,
): ComponentChoice {
  const id = launcher ?? (profile === undefined ? (fromFile?.id ?? 'local') : remoteOf(fromFile));
  const { options } = components.get(launcherKind, id, '--launcher');
  if (profile !== undefined && id === 'local') {
    throw new UserError("--profile: holds options of a cluster's launcher (got --launcher local)");
  }
  if (detach && id === 'local') {
    throw new UserError("--detach: needs a cluster's launcher; a local sweep lives as long as its command");
  }
  if (jobs !== undefined && !('jobs' in options.shape)) {
    const own = ['concurrency', 'workers'].find((name) => name in options.shape);
    const instead = own === undefined ? '' : `; ${id} takes launcher.${own}`;
    throw new UserError(`--jobs: belongs to the local launcher${instead} (got ${jobs})`);
  }
  const written = profile === undefined ? {} : readYaml(profile);
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    throw new UserError(`${profile}: must be a mapping of options of the ${id} launcher`);
  }
  const base = fromFile?.id === id ? fromFile : {};
  const chosen = { ...base, ...written, ...(jobs === undefined ? {} : { jobs }), id };
  return components.resolveChoice(launcherKind, chosen, { where: profile ?? 'launcher' });
}

/** The launcher that a profile without `--launcher` is meant for. */
const remoteOf = (fromFile: ComponentChoice | undefined): string =>
  fromFile === undefined || fromFile.id === 'local' ? 'slurm' : fromFile.id;

function createLauncher(options: ComponentChoice, engine: EngineOptions): Launcher {
  return components.build(
    launcherKind,
    options,
  )({
    command: (store) => workerCommand(store.folder, engine),
    summaryCommand: (store) => [process.execPath, resolve(process.argv[1]!), 'report', store.folder],
  });
}

function writeProvenance(store: SweepStore, file: string, command: string): void {
  const git = readGitState(process.cwd());
  const provenance = {
    command: redact(command),
    ...(git ? { commit: `${git.commit}${git.dirty ? ' (with uncommitted changes)' : ''}` } : {}),
    spec: readFileSync(file, 'utf8'),
    versions: packageVersions(),
  };
  writeWhole(join(store.folder, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);
}

function printPlan(plan: SweepPlan): void {
  for (const { hash, arm, seed } of plan.trials) process.stdout.write(`${hash.slice(0, 16)}  ${arm}  seed ${seed}\n`);
  process.stdout.write(`${plan.trials.length} trials in ${plan.arms.length} arms; nothing was written\n`);
}
