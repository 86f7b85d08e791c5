import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { makeSubfolder, messageOf } from '@gmoe/core';
import { splitDigest, type Split, type Task } from '@gmoe/datasets';
import { AttemptStopped, type SweepStore, type TrialAttempt, type TrialOutcome } from '@gmoe/experiment';
import {
  BestMetrics,
  recordLayout,
  startSystemMetrics,
  trialLayout,
  type DatasetFields,
  type RunRecorder,
  type SystemMetrics,
} from '@gmoe/spool';
import type { TrainingEvent } from '@gmoe/training';
import { shellCommand } from '../shell-command.js';
import { LOGGED_ARTIFACTS, PREDICTION_TABLE, writePredictionTable } from './prediction-table.js';
import { sweepFields, sweepSpool } from './sweep-tracking.js';

interface Tracked {
  readonly hash: string;
  readonly recorder: RunRecorder;
  readonly system: SystemMetrics;
  readonly best: BestMetrics;
}

/** Records one trial after the other in the sweep's journals. Appending costs microseconds and never fails a trial. */
export class TrialTracking {
  private current: Tracked | undefined;

  constructor(private readonly store: SweepStore) {}

  /** What the trial learns and is scored on. */
  data(attempt: TrialAttempt, task: Task, splits: readonly Split[]): void {
    const tracked = this.tracked(attempt);
    if (tracked) for (const split of splits) tracked.recorder.dataset(datasetOf(task, split));
  }

  event(attempt: TrialAttempt, event: TrainingEvent): void {
    const tracked = this.tracked(attempt);
    if (!tracked || event.type === 'note' || event.type === 'checkpoint') return;
    const metrics = event.type === 'eval' ? evaluated(event.metrics) : event.metrics;
    tracked.recorder.metrics(event.step, metrics);
    tracked.best.observe(event.step, metrics);
  }

  /** The trial came to its end; its files become artifacts. */
  async finished(attempt: TrialAttempt, { metrics }: TrialOutcome): Promise<void> {
    const tracked = this.tracked(attempt);
    if (!tracked) return;
    const { recorder, best } = tracked;
    const step = metrics['train/steps'] ?? 0;
    const all = Object.entries(metrics);
    recorder.metrics(step, {
      ...best.metrics(),
      ...('best/step' in metrics && { 'best/step': metrics['best/step'] }),
      ...Object.fromEntries(
        all.filter(([name]) => !name.startsWith('best/')).map(([name, value]) => [`final/${name}`, value]),
      ),
    });
    for (const name of ['config.json', 'predictions.jsonl', 'routing.json', 'log.txt']) {
      const file = join(attempt.folder, name);
      if (existsSync(file)) recorder.artifact(name, file);
    }
    try {
      const table = writePredictionTable(attempt.folder);
      if (table) {
        recorder.artifact(PREDICTION_TABLE, table);
        recorder.tags({ 'mlflow.loggedArtifacts': LOGGED_ARTIFACTS });
      }
    } catch (error) {
      attempt.log(`tracking: no table of predictions: ${messageOf(error)}`);
    }
    try {
      for (const [name, file] of await drawRouting(attempt)) recorder.artifact(`routing/${name}`, file);
      const images = await drawLoad(attempt);
      for (const [path, file] of images) recorder.artifact(path, file);
      if (images.length > 0) recorder.tags({ 'mlflow.loggedImages': 'True' });
    } catch (error) {
      attempt.log(`tracking: no pictures of the routing: ${messageOf(error)}`);
    }
    recorder.model('adapter', join(attempt.folder, 'adapter'), { modelType: 'peft', step });
    // The store counts a trial with a metric that is no number as failed.
    const wrong = all.find(([, value]) => !Number.isFinite(value));
    if (wrong) recorder.tags({ error: `${wrong[0]} is ${wrong[1]}` });
    this.end(wrong ? 'FAILED' : 'FINISHED');
  }

  failed(error: unknown): void {
    if (!this.current) return;
    const { recorder } = this.current;
    if (error instanceof AttemptStopped && error.why !== 'time') {
      if (error.why === 'rung') recorder.tags({ stopped: 'early stopping compared the arms here' });
      return this.end('KILLED');
    }
    recorder.tags({ error: error instanceof AttemptStopped ? 'ran longer than limits.seconds' : messageOf(error) });
    this.end('FAILED');
  }

  private tracked(attempt: TrialAttempt): Tracked | undefined {
    if (this.current?.hash === attempt.hash) return this.current;
    const sweep = sweepFields(this.store);
    const spool = sweep && sweepSpool(this.store, (reason) => attempt.log(`tracking: ${reason}`));
    if (!spool) return undefined;
    const { arm, seed, hash, group, config } = attempt;
    const command = sweep.standalone ? sweep.command : this.commandOf(sweep.name, hash);
    const layout = trialLayout(sweep, { arm, seed, hash, group, config: config as never, command });
    const recorder = recordLayout(spool, layout);
    this.current = { hash, recorder, system: startSystemMetrics(recorder), best: bestSoFar(attempt) };
    return this.current;
  }

  /** Runs a trial of the sweep again, by itself. */
  private commandOf(sweep: string, hash: string): string {
    const file = join(this.store.trialFolder(hash), 'config.json');
    const below = relative(process.cwd(), file);
    const short = below.startsWith('..') ? file : below;
    return shellCommand(['npx', 'gmoe', 'train', short, '--out', `runs/${sweep}-${hash.slice(0, 8)}`]);
  }

  private end(status: 'FINISHED' | 'FAILED' | 'KILLED'): void {
    this.current!.system.stop();
    this.current!.recorder.end(status);
    this.current = undefined;
  }
}

/** What an evaluation on the dev split tells, apart from what training tells at the same step. */
function evaluated(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name.startsWith('eval/') ? name : `eval/${name}`, value]),
  );
}

/** Goes on from what led to the attempt's checkpoint. */
function bestSoFar(attempt: TrialAttempt): BestMetrics {
  const best = new BestMetrics({
    'eval/accuracy': 'max',
    'eval/macro_f1': 'max',
    'eval/loss': 'min',
    'train/lm_loss': 'min',
  });
  if (!attempt.checkpoint) return best;
  for (const line of readFileSync(join(attempt.folder, 'events.jsonl'), 'utf8').split('\n')) {
    if (line === '') continue;
    const event = JSON.parse(line) as { type: string; step: number; metrics?: Record<string, number> };
    if (event.metrics) best.observe(event.step, event.type === 'eval' ? evaluated(event.metrics) : event.metrics);
  }
  return best;
}

function datasetOf(task: Task, split: Split): DatasetFields {
  const examples = task.load(split);
  const { files, rows } = task.origin(split);
  return {
    name: task.id,
    digest: splitDigest(task, split),
    context: split,
    source: JSON.stringify({ uri: task.source, files }),
    profile: JSON.stringify({ num_rows: examples.length, file_rows: rows }),
  };
}

/** Pictures of the routing, written into the attempt's folder: name and path of each. */
async function drawRouting({ folder, arm, seed, hash, group, axes }: TrialAttempt): Promise<[string, string][]> {
  if (!existsSync(join(folder, 'routing.json'))) return [];
  // Loaded here only: the charts take longer to load than a worker takes to start.
  const { routingPictures } = await import('@gmoe/report');
  const pictures = Object.entries(routingPictures(folder, { arm, seed, hash, group, axes }));
  makeSubfolder(join(folder, 'routing'));
  return pictures.map(([name, svg]) => {
    const file = join(folder, 'routing', `${name}.svg`);
    writeFileSync(file, svg);
    return [`${name}.svg`, file];
  });
}

/** Images of the load in training as `mlflow.log_image` names them, so that MLflow's grid of images goes through the steps: path and file of each. */
async function drawLoad({ folder, hash }: TrialAttempt): Promise<[string, string][]> {
  const { loadImages } = await import('@gmoe/report');
  const images = loadImages(folder);
  if (images.length > 0) makeSubfolder(join(folder, 'routing'));
  return images.flatMap(({ step, time, png }): [string, string][] => {
    const file = join(folder, 'routing', `load-${step}.png`);
    writeFileSync(file, png);
    const path = `images/routing~load+step+${step}+timestamp+${time}+${uuidOf(`${hash} load ${step}`)}`;
    // The grid asks for the second, which is to be smaller; browsers look at the content, not at the name.
    return [
      [`${path}.png`, file],
      [`${path}+compressed.webp`, file],
    ];
  });
}

/** The same UUID for the same text, so that a trial that is recorded again has the same images. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
