import { createHash } from 'node:crypto';
import type { Json } from '@gmoe/core';
import { flattenParams } from './flatten-params.js';
import type { GitState } from './git-state.js';
import type { DatasetFields, RunFields, RunRecorder } from './run-recorder.js';
import type { Spool } from './spool.js';

/** What all runs of a sweep share. */
export interface SweepFields {
  /** Stable id of the sweep, e.g. a UUID kept in its folder: the same sweep is the same run again. */
  readonly id: string;
  readonly name: string;
  /** Name of the MLflow experiment; the sweep's own if left out. */
  readonly experiment?: string | undefined;
  /** One training by itself: its run has no parent. */
  readonly standalone?: boolean | undefined;
  /** Shell command that runs the sweep again. */
  readonly command: string;
  readonly git?: GitState | undefined;
  /** Versions by package. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Facts by name, e.g. from `describeMachine()`. */
  readonly machine?: Readonly<Record<string, string>>;
  readonly user?: string | undefined;
}

export interface TrialFields {
  readonly arm: string;
  readonly seed: number;
  /** Identity of the resolved configuration. */
  readonly hash: string;
  /** The same without the seed. */
  readonly group: string;
  /** The resolved configuration; each option becomes a param. */
  readonly config: Json;
  readonly datasets?: readonly DatasetFields[];
  /** Shell command that runs this trial alone. */
  readonly command: string;
}

export interface ArmFields {
  readonly arm: string;
  readonly group: string;
  /** The configuration that the seeds share. */
  readonly config: Json;
  /** Metrics by name of each finished seed. */
  readonly seeds: readonly { readonly seed: number; readonly metrics: Readonly<Record<string, number>> }[];
}

/** A run as it will be recorded. */
export interface RunLayout {
  readonly run: RunFields;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasets: readonly DatasetFields[];
  readonly metrics: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
}

/** The parent run, under which the trials are shown. */
export function sweepLayout(sweep: SweepFields, trials: number): RunLayout {
  const note = `Sweep **${sweep.name}**, ${trials} trials. Each trial is a child run; the runs tagged \`kind = arm\` beside it hold mean and std over the seeds of an arm.`;
  return {
    run: { id: sweep.id, experiment: experimentOf(sweep), name: sweep.name },
    params: {},
    // With an arm and a seed of its own it makes one group, and not the rest of each, where runs are grouped.
    tags: { kind: 'sweep', arm: 'all arms', seed: 'all', ...commonTags(sweep, note, sweep.command) },
    datasets: [],
    metrics: [],
  };
}

/** One trial: every resolved option as a param; arm, seed, group and hash as tags. */
export function trialLayout(sweep: SweepFields, trial: TrialFields): RunLayout {
  const note = sweep.standalone
    ? `Fine-tuning **${sweep.name}**, seed ${trial.seed}.`
    : `Trial of **${trial.arm}**, seed ${trial.seed}, in the sweep **${sweep.name}**.`;
  return {
    run: {
      id: `${sweep.id}.trial.${shortHash(trial.hash)}`,
      experiment: experimentOf(sweep),
      name: `${sweep.standalone ? sweep.name : shortName(trial.arm, trial.group)}, seed ${trial.seed}`,
      ...(!sweep.standalone && { parent: sweep.id }),
    },
    params: flattenParams(trial.config),
    tags: {
      kind: 'trial',
      arm: trial.arm,
      seed: String(trial.seed),
      group: trial.group,
      hash: trial.hash,
      ...commonTags(sweep, note, trial.command),
    },
    datasets: trial.datasets ?? [],
    metrics: [],
  };
}

/**
 * The summary of one arm, beside the sweep, so that the table shows it without unfolding anything: of each metric that all its seeds have, `mean/NAME` and `std/NAME` (n − 1; absent for a single
 * seed), at step 0, for which MLflow draws bars; of a later summary over more seeds the later time makes it the one shown.
 */
export function armLayout(sweep: SweepFields, arm: ArmFields): RunLayout {
  const n = arm.seeds.length;
  const names = Object.keys(arm.seeds[0]?.metrics ?? {}).filter((name) =>
    arm.seeds.every(({ metrics }) => name in metrics),
  );
  const told = names.filter((name) => !SAME_FOR_ALL.test(name));
  const metrics: Record<string, number> = { seeds: n };
  for (const name of told) {
    const values = arm.seeds.map((seed) => seed.metrics[name]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    metrics[`mean/${name}`] = mean;
    if (n > 1)
      metrics[`std/${name}`] = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  }
  const seeds = arm.seeds.map(({ seed }) => seed).join(', ');
  const note = `Mean and standard deviation of **${arm.arm}** over ${n} seeds (${seeds}) in the sweep **${sweep.name}**.`;
  return {
    run: {
      id: `${sweep.id}.arm.${shortHash(arm.group)}`,
      experiment: experimentOf(sweep),
      name: `${shortName(arm.arm, arm.group)} (mean over seeds)`,
    },
    params: flattenParams(arm.config),
    tags: {
      kind: 'arm',
      arm: arm.arm,
      seed: 'mean',
      group: arm.group,
      seeds,
      ...commonTags(sweep, note, sweep.command),
    },
    datasets: [],
    metrics: n === 0 ? [] : [{ step: 0, metrics }],
  };
}

/**
 * Starts (or goes on with) a run as laid out. Values that an earlier process recorded are not recorded again; ones that
 * have changed since are shown instead of the earlier ones, being later.
 */
export function recordLayout(spool: Spool, layout: RunLayout): RunRecorder {
  const recorder = spool.run(layout.run);
  recorder.params(layout.params);
  recorder.tags(layout.tags);
  for (const dataset of layout.datasets) recorder.dataset(dataset);
  for (const { step, metrics } of layout.metrics) {
    const changed = Object.entries(metrics).filter(([key, value]) => !Object.is(recorder.lastValue(key), value));
    recorder.summary(step, Object.fromEntries(changed));
  }
  return recorder;
}

/** Counts that the configuration sets: their mean tells nothing. */
const SAME_FOR_ALL = /^(train\/(steps|tokens)|eval\/examples|best\/step)$/;

const LONG_NAME = 60;
const LONG_PART = 24;

/**
 * A name that fits a column of MLflow's table. Of a long one every part keeps its beginning and its end, keys their last word; the
 * group's hash tells apart what looks alike then. The tag `arm` has the whole name.
 */
function shortName(arm: string, group: string): string {
  if (arm.length <= LONG_NAME) return arm;
  const parts = arm.split(' · ').map((part) => {
    const characters = [...part.replace(/^[\w.]*\.(\w+=)/, '$1')];
    if (characters.length <= LONG_PART) return characters.join('');
    return `${characters.slice(0, 12).join('')}…${characters.slice(-11).join('')}`;
  });
  return `${parts.join(' · ')} #${group.slice(0, 6)}`;
}

function experimentOf(sweep: SweepFields): string {
  return sweep.experiment ?? sweep.name;
}

function commonTags(sweep: SweepFields, note: string, command: string): Record<string, string> {
  const { git, packages = {}, machine = {}, user } = sweep;
  const prefixed = (prefix: string, values: Readonly<Record<string, string>>) =>
    // MLflow's keys hold no @.
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key.replace(/^@/, '')}`, value]));
  return {
    sweep: sweep.name,
    'sweep.id': sweep.id,
    command,
    // MLflow's table shows the last part of it.
    'mlflow.source.name': command.replace(/^npx /, '').split(' ').slice(0, 2).join(' '),
    'mlflow.source.type': 'LOCAL',
    'mlflow.note.content': `${note}\n\nTo reproduce${git ? ` at commit \`${git.commit.slice(0, 12)}\`${git.dirty ? ' (with uncommitted changes)' : ''}` : ''}:\n\n\`\`\`sh\n${command}\n\`\`\`\n`,
    ...(user !== undefined && { 'mlflow.user': user }),
    ...(git && {
      'mlflow.source.git.commit': git.commit,
      'mlflow.source.git.branch': git.branch,
      'mlflow.source.git.dirty': String(git.dirty),
      ...(git.repoUrl !== undefined && { 'mlflow.source.git.repoURL': git.repoUrl }),
    }),
    ...prefixed('package', packages),
    ...prefixed('machine', machine),
  };
}

/** A hash as it is if it can be part of an id, else a hash of it. */
function shortHash(hash: string): string {
  return (/^[0-9a-f]{16,}$/.test(hash) ? hash : createHash('sha256').update(hash).digest('hex')).slice(0, 16);
}
