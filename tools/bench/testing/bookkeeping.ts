/** The sweep of `overhead.ts`: everything that a sweep does but train. Run as `sweep SPEC OUT LAUNCHER SET…`, and as its own worker. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ComponentRegistry } from '@gmoe/core';
import {
  createLocalLauncher,
  createRayLauncher,
  createSlurmLauncher,
  createTrialSchema,
  loadSweep,
  planSweep,
  rayOptions,
  slurmOptions,
  startWorker,
  SweepStore,
  type TrialAttempt,
} from '@gmoe/experiment';
import { z } from 'zod';

/** Takes any trial config: checking it against the real schema is `gmoe plan`'s part. */
const section = z.looseObject({});
const schema = createTrialSchema({
  components: new ComponentRegistry([]),
  sections: {
    base: z.string(),
    task: section,
    evaluation: section,
    adapter: section,
    router: section,
    coordination: z.array(section),
    optimizer: section,
    schedule: section,
    training: section,
  },
});

const STEPS = Number(process.env['GMOE_BENCH_STEPS'] ?? 50);
const EXAMPLES = 480;

/** As many events, predictions and checkpoints as a trial of the quickstart leaves. */
async function withoutTraining(attempt: TrialAttempt) {
  const digest = createHash('sha256').update(attempt.hash).digest();
  const value = (index: number) => digest[index % 32]! / 256;
  for (let step = 1; step <= STEPS; step++) {
    attempt.emit({ type: 'step', step, metrics: { 'train/lm_loss': value(step), 'train/tokens_per_second': 1000 } });
  }
  await attempt.saveCheckpoint(STEPS, (folder) => writeFileSync(join(folder, 'state'), digest));
  const lines = Array.from({ length: EXAMPLES }, (_, index) => {
    const predicted = Math.floor(value(index * 7) * 6);
    const gold = index % 6;
    return JSON.stringify({
      id: String(index),
      predicted,
      gold,
      correct: predicted === gold,
      scores: [0, 0, 0, 0, 0, 0],
    });
  });
  writeFileSync(join(attempt.folder, 'predictions.jsonl'), `${lines.join('\n')}\n`);
  return { metrics: { 'eval/accuracy': value(3), 'eval/loss': value(4), 'model/trainable_parameters': 1000 } };
}

type Command = () => readonly string[];

/** Two workers at a time on each of them. */
const launchers = {
  local: (command: Command) => createLocalLauncher({ command, jobs: 2 }),
  slurm: (command: Command) =>
    createSlurmLauncher({
      command,
      pollSeconds: 1,
      options: slurmOptions.parse({ trialsPerTask: 250, memoryMiB: 1000 }),
    }),
  ray: (command: Command) => createRayLauncher({ command, pollSeconds: 1, options: rayOptions.parse({ workers: 2 }) }),
};

const [mode, ...words] = process.argv.slice(2) as [string, ...string[]];
if (mode === 'worker') {
  process.exitCode = await startWorker({ store: SweepStore.open(words[0]!), execute: withoutTraining });
} else {
  const [spec, out, launcher, ...set] = words as [string, string, keyof typeof launchers, ...string[]];
  const store = SweepStore.create(resolve(out), planSweep(loadSweep(spec, { set }), { schema }));
  const command = () => [process.execPath, process.argv[1]!, 'worker', store.folder];
  const submission = await launchers[launcher](command).submit({ store });
  for await (const event of submission.events()) if (event.type === 'trial-failed') throw new Error('a trial failed');
  const summary = await submission.done;
  process.exitCode = summary.remaining === 0 ? 0 : 1;
}
