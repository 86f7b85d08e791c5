import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { allocatorEnvironment } from '@gmoe/experiment';
import { COMPUTES, RECOMPUTES } from '@gmoe/tensor';
import type { StepSize } from './bench-step.js';
import type { ChildResult, ChildRun } from './child-step.js';

/** A row of the table: one way to compute the step. */
export interface StepRow {
  readonly name: string;
  run(): ChildResult | undefined;
}

/** Our own rows, each in a process of its own: every way to compute, and float32 with every way to hold less. */
export function ownRows(run: Omit<ChildRun, 'compute' | 'recompute'>): StepRow[] {
  const rowOf = (name: string, more: Pick<ChildRun, 'compute' | 'recompute'>): StepRow => ({
    name: `ours, ${name}`,
    run: () => ownStep({ ...run, ...more }),
  });
  return [
    ...COMPUTES.map((compute) => rowOf(compute, { compute })),
    ...RECOMPUTES.filter((recompute) => recompute !== 'none').map((recompute) =>
      rowOf(`float32, recompute ${recompute}`, { compute: 'float32', recompute }),
    ),
  ];
}

export function ownStep(run: ChildRun): ChildResult {
  const script = fileURLToPath(new URL('./child-step.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, script, JSON.stringify(run)], {
    encoding: 'utf8',
    // As a sweep's workers run.
    env: { ...process.env, ...allocatorEnvironment() },
  });
  if (status !== 0) throw new Error(`the step in ${run.compute} failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as ChildResult;
}

/** PyTorch's rows over the step that was exported to `folder`; a row that fails there gives nothing. */
export function torchRows(folder: string, { threads, steps, warmUp }: Omit<ChildRun, 'compute' | 'size'>): StepRow[] {
  const python = process.env['GMOE_PYTHON'] ?? 'python3';
  const run = (more: readonly string[]): ChildResult | undefined => {
    const numbers = { threads, steps: steps + warmUp, warmup: warmUp };
    const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const { status, stdout } = spawnSync(python, ['tools/bench/step_torch.py', folder, ...args, ...more], {
      encoding: 'utf8',
      timeout: 20 * 60 * 1000,
    });
    return status === 0 ? { first: NaN, ...(JSON.parse(stdout) as Omit<ChildResult, 'first'>) } : undefined;
  };
  return [
    { name: 'PyTorch eager, float32', run: () => run([]) },
    { name: 'PyTorch eager, bf16 autocast', run: () => run(['--bf16']) },
    { name: 'PyTorch compile, bf16 autocast', run: () => run(['--bf16', '--compile']) },
  ];
}

/** The median. */
export const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Runs the rows in turn, round after round, and prints for each: median time, ratios to the others' times of the same round, memory, and
 * the losses side by side.
 */
export function printSteps(rows: readonly StepRow[], size: StepSize, rounds: number): void {
  const results = new Map<StepRow, (ChildResult | undefined)[]>(rows.map((row) => [row, []]));
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      const seen = results.get(row)!;
      // What failed once is not tried again.
      const result = round > 0 && !seen[0] ? undefined : row.run();
      seen.push(result);
      if (result) {
        process.stderr.write(
          `round ${round + 1}: ${row.name}: ${result.milliseconds.toFixed(0)} ms, ${result.mebibytes.toFixed(0)} MiB\n`,
        );
      }
    }
  }
  const peers = rows.filter((row) => row.name.startsWith('PyTorch') && results.get(row)![0]);
  const cells = (texts: readonly string[]) =>
    `${texts[0]!.padEnd(32)}${texts
      .slice(1)
      .map((text) => text.padStart(17))
      .join('')}\n`;
  process.stdout.write(
    cells(['', 'ms a step', 'tokens/s', 'first, s', 'peak MiB', ...peers.map(({ name }) => `/ ${name.slice(8, 22)}`)]),
  );
  for (const row of rows) {
    const seen = results.get(row)!.filter((result) => result !== undefined);
    if (seen.length === 0) {
      process.stdout.write(cells([row.name, 'did not run']));
      continue;
    }
    const time = middle(seen.map(({ milliseconds }) => milliseconds));
    const ratios = peers.map((peer) => {
      const theirs = results.get(peer)!;
      return middle(seen.map(({ milliseconds }, round) => milliseconds / theirs[round]!.milliseconds)).toFixed(2);
    });
    const first = seen[0]!.first;
    process.stdout.write(
      cells([
        row.name,
        time.toFixed(0),
        ((1000 * size.rows * size.length) / time).toFixed(0),
        Number.isNaN(first) ? '' : (first / 1000).toFixed(1),
        middle(seen.map(({ mebibytes }) => mebibytes)).toFixed(0),
        ...ratios,
      ]),
    );
  }
  process.stdout.write(
    `\n${cells(['losses, step', ...(results.get(rows[0]!)![0]?.loss ?? []).map((_, i) => String(i + 1))])}`,
  );
  for (const row of rows) {
    const loss = results.get(row)![0]?.loss;
    if (loss) process.stdout.write(cells([row.name, ...loss.map((value) => value.toFixed(5))]));
  }
}
