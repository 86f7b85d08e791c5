import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSweep, planSweep, SweepStore } from '@gmoe/experiment';
import { schema } from '../../components.js';
import { gmoeHere } from '../run-gmoe.js';
import { writeTinyBase, writeTinyData } from './tiny-inputs.js';

let root: string;
/** Where a command's inputs are. Call `setUpLab` before. */
export const lab = (...names: string[]): string => join(root, ...names);
/** Stands in a case's words for a folder of its own, which a run finds empty. */
export const OUT = '{out}';
/** Stands for a copy of the finished sweep. */
export const DONE = '{done}';

const trial = {
  base: 'base',
  task: { id: 'classification', dataDir: 'data', trainFile: 'rows.csv' },
  adapter: { id: 'lora', rank: 1, alpha: 64 },
  training: { steps: 2, batchSize: 2, sequenceLength: 24 },
  evaluation: { batchSize: 4, sequenceLength: 24, scoring: 'log-likelihood' },
};

/** Programs of a cluster that write down what they are asked. */
function writeCluster(): void {
  mkdirSync(lab('bin'));
  const program = (name: string, text: string): void => {
    writeFileSync(lab('bin', name), `#!/bin/bash\necho "${name} $*" >> "$GMOE_SAID"\n${text}\n`);
    chmodSync(lab('bin', name), 0o755);
  };
  program('sbatch', 'echo 7');
  program('scontrol', 'echo "MaxArraySize = 100"');
  program('squeue', 'echo "7_0|RUNNING|None"');
  program('scancel', 'exit 0');
}

/** A base, an adapter, data, a trial, a finished sweep of two arms of which one trial failed, a golden, programs of a cluster. */
export async function setUpLab(): Promise<void> {
  root = mkdtempSync(join(tmpdir(), 'gmoe-commands-'));
  await writeTinyBase(lab('base'));
  await writeTinyBase(lab('other'), 6);
  writeTinyData(lab('data'));
  writeCluster();
  const write = (name: string, content: unknown) => writeFileSync(lab(name), JSON.stringify(content));
  write('trial.yaml', trial);
  const grid = { 'optimizer.learningRate': { low: 0.1, high: 1e30 } };
  write('sweep.yaml', { name: 'own', trial, grid, seeds: 1, launcher: { id: 'slurm' } });
  write('pretrain.yaml', { name: 'p', output: 'pretrained', training: { steps: 3 } });
  writeFileSync(lab('text.txt'), 'xxx 1 yy 2 z alpha beta gamma '.repeat(4));
  mkdirSync(lab('goldens'));
  for (const kind of ['json', 'safetensors'])
    cpSync(`libs/verify/goldens/a_router_n4_L2_t025.${kind}`, lab('goldens', `a_router_n4_L2_t025.${kind}`));
  SweepStore.create(lab('done'), planSweep(loadSweep(lab('sweep.yaml')), { schema }));
  await gmoeHere(['worker', '--store', lab('done')]);
}

export const tearDownLab = (): void => rmSync(root, { recursive: true, force: true });

/** Folder of the adapter that a trial of the finished sweep left. */
export function adapterFolder(): string {
  const store = SweepStore.open(lab('done'));
  const { hash } = store.manifest().trials.find(({ arm }) => arm === 'low')!;
  return join(store.publishedFolder(hash)!, 'adapter');
}

let count = 0;

/** What a command does: its exit code, what it says and writes, what the cluster is asked; but for times and places. */
export async function outcomeOf(words: readonly string[], after?: readonly string[]): Promise<string> {
  const [out, done, said] = ['out', 'done', 'said'].map((name) => lab(`${name}-${count}`)) as [string, string, string];
  count++;
  if (words.includes(DONE)) cpSync(lab('done'), done, { recursive: true });
  writeFileSync(said, '');
  const before = { PATH: process.env['PATH'], GMOE_SAID: process.env['GMOE_SAID'] };
  Object.assign(process.env, { PATH: `${lab('bin')}:${before.PATH}`, GMOE_SAID: said });
  const given = (list: readonly string[]) => list.map((word) => word.replace(OUT, out).replace(DONE, done));
  try {
    const results = [await gmoeHere(given(words)), ...(after ? [await gmoeHere(given(after))] : [])];
    const told = JSON.stringify([results, filesOf(out), readFileSync(said, 'utf8')]);
    return told
      .replaceAll(out, OUT)
      .replaceAll(done, DONE)
      .replace(/\d+(\.\d+)?(e-\d+)? (s|ms|tokens\/s)\b/g, 'TIME')
      .replace(/gmoe-own-[0-9a-f]{8}/g, 'JOB');
  } finally {
    Object.assign(process.env, before);
  }
}

/** Names and sizes of the files in a folder; empty if it is not there. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  } catch {
    return [];
  }
}
