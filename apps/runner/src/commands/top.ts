import { setTimeout as delay } from 'node:timers/promises';
import { largest, parseOptions, terminalText } from '@gmoe/core';
import { onStopSignal, sweepActivity, SweepStore, type Activity, type SweepActivity } from '@gmoe/experiment';
import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { z } from 'zod';
import { duration } from '../progress/sweep-state.js';

const optionsSchema = z.object({
  every: z.coerce.number().positive().default(2),
  once: z.boolean().default(false),
  json: z.boolean().default(false),
});

export function addTop(program: Command): void {
  program
    .command('top')
    .description(
      'who works on what in a sweep: host, step, loss, age of the heartbeat, failures; from its folder alone',
    )
    .argument('<dir>', 'folder of the sweep')
    .option('--every <seconds>', 'between two looks, s (default: 2)')
    .option('--once', 'one look, then end; also where the output is no terminal')
    .option('--json', 'one look, as JSON')
    .action(runTop);
}

async function runTop(dir: string, raw: object): Promise<void> {
  const { every, once, json } = parseOptions(optionsSchema, raw, '--');
  const store = SweepStore.open(dir);
  if (json) return void process.stdout.write(`${JSON.stringify(sweepActivity(store), null, 2)}\n`);
  if (once || !process.stdout.isTTY) return void process.stdout.write(`${lines(sweepActivity(store)).join('\n')}\n`);
  const stop = new AbortController();
  const dispose = onStopSignal(() => stop.abort());
  const draw = createLogUpdate(process.stdout);
  try {
    while (!stop.signal.aborted) {
      const activity = sweepActivity(store);
      const shown = lines(activity, process.stdout.columns).slice(0, Math.max(3, process.stdout.rows - 1));
      draw(shown.join('\n'));
      if (activity.counts.todo + activity.counts.claimed === 0) break;
      await delay(every * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    draw.done();
    dispose();
  }
}

const HEADER = ['trial', 'host', 'pid', 'step', 'loss', 'heartbeat', 'failed before'] as const;

/** The view as lines of text, each at most so many columns wide. */
export function lines({ name, counts, working, failed }: SweepActivity, columns = Infinity): string[] {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const states = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${NAMES[state as keyof typeof NAMES]}`);
  const rows = working.map(row);
  const widths = HEADER.map((title, column) =>
    largest(
      rows.map((cells) => cells[column]!.length),
      title.length,
    ),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return [
    `${name}: ${total} trials: ${states.join(', ')}`,
    ...(working.length === 0 ? ['nobody works on it'] : [line(HEADER), ...rows.map(line)]),
    ...failed.map(({ trial, problem }) => `failed: ${trial.arm}, seed ${trial.seed}: ${problem}`),
  ].map((text) => terminalText(text).trimEnd().slice(0, columns));
}

const NAMES = {
  finished: 'finished',
  failed: 'failed',
  stopped: 'stopped early',
  claimed: 'running',
  todo: 'open',
  damaged: 'damaged',
} as const;

function row({ trial, host, pid, step, steps, loss, heartbeatSeconds, failures }: Activity): string[] {
  return [
    `${trial.arm}, seed ${trial.seed}`,
    host,
    String(pid),
    step === null ? '-' : steps === null ? String(step) : `${step}/${steps}`,
    loss === null ? '-' : loss.toFixed(3),
    heartbeatSeconds === null ? '-' : duration(heartbeatSeconds),
    failures === 0 ? '-' : String(failures),
  ];
}
