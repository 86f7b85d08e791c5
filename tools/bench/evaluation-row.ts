import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { allocatorEnvironment } from '@gmoe/experiment';
import { RandomKey, type Compute } from '@gmoe/tensor';
import { SMOLLM2_SIZE } from './bench-step.js';

/** What is scored: prompts with four options each, by the log-likelihood of the options. */
export interface ScoredItem {
  readonly promptIds: readonly number[];
  readonly optionIds: readonly (readonly number[])[];
}

/** One of our rows, in a process of its own. */
export interface EvaluationRun {
  readonly items: readonly ScoredItem[];
  readonly compute: Compute;
  readonly threads: number;
}

export interface EvaluationTimes {
  readonly seconds: number;
  /** Log-probability of every option, nats. */
  readonly scores: readonly (readonly number[])[];
  readonly mebibytes: number;
}

const ITEMS = 24;
const ROUNDS = 3;

/** Items of random tokens, as long as ARC's: 30-90 tokens of prompt, options of 3-12. */
function randomItems(): ScoredItem[] {
  const key = RandomKey.fromSeed(5);
  const ids = (name: string, count: number) =>
    Array.from(key.fold(name).words(count), (word) => word % SMOLLM2_SIZE.vocabSize);
  const between = (name: string, low: number, high: number) => low + (key.fold(name).words(1)[0]! % (high - low + 1));
  return Array.from({ length: ITEMS }, (_, i) => ({
    promptIds: ids(`prompt ${i}`, between(`length ${i}`, 30, 90)),
    optionIds: Array.from({ length: 4 }, (__, o) => ids(`option ${i} ${o}`, between(`options ${i} ${o}`, 3, 12))),
  }));
}

/**
 * Tokens a second of an evaluation of SmolLM2's shape: of the items' prompts and options, each prompt counted once, whatever a row
 * computes for them. transformers scores each option behind its prompt, in batches of one padded length.
 */
export function printEvaluation(folder: string, threads: number, row: (name: string, value: string) => void): void {
  const items = randomItems();
  const tokens = items.reduce(
    (sum, { promptIds, optionIds }) => sum + promptIds.length + optionIds.reduce((more, ids) => more + ids.length, 0),
    0,
  );
  const script = fileURLToPath(new URL('./child-evaluation.ts', import.meta.url));
  const file = join(folder, 'items.json');
  writeFileSync(file, JSON.stringify(items));
  const read = (
    command: string,
    args: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): EvaluationTimes | undefined => {
    const env = { ...process.env, ...more };
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, env });
    return status === 0 ? (JSON.parse(stdout) as EvaluationTimes) : undefined;
  };
  const own = (compute: Compute) => {
    const run: EvaluationRun = { items, compute, threads };
    return read(process.execPath, [...process.execArgv, script, JSON.stringify(run)], allocatorEnvironment());
  };
  const python = process.env['GMOE_PYTHON'] ?? 'python3';
  const rows = [
    { name: 'ours, float32', run: () => own('float32') },
    { name: 'ours, int8', run: () => own('int8-forward') },
    {
      name: 'transformers, float32',
      run: () => read(python, ['tools/bench/evaluation_transformers.py', file, '--threads', String(threads)]),
    },
  ];
  const seconds = rows.map(() => [] as number[]);
  const memory = rows.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    rows.forEach(({ run }, i) => {
      const result = run();
      if (!result) return;
      seconds[i]!.push(result.seconds);
      memory[i] = result.mebibytes;
    });
  }
  rows.forEach(({ name }, i) => {
    const middle = seconds[i]!.toSorted((a, b) => a - b)[Math.floor(seconds[i]!.length / 2)];
    row(
      `evaluation: ${name}`,
      middle === undefined
        ? 'did not run'
        : `${(tokens / middle).toFixed(0)} tokens/s, peak ${memory[i]!.toFixed(0)} MiB`,
    );
  });
}
