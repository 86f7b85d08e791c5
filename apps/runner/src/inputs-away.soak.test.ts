import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadSweep, planSweep, planStatus, SweepStore } from '@gmoe/experiment';
import { expect, it } from 'vitest';
import { schema } from './components.js';
import { writeTinyBase, writeTinyData } from './testing/options/tiny-inputs.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { folder, program } = setUpGmoe();

it.each(['base', 'data'])('a sweep whose %s is away for a second ends complete and equal', async (input) => {
  const own = join(folder(), `lab-${input}`);
  mkdirSync(own);
  writeTinyData(join(own, 'data'));
  await writeTinyBase(join(own, 'base'));
  const trial = {
    base: 'base',
    task: { id: 'classification', dataDir: 'data', trainFile: 'rows.csv' },
    adapter: { lora: { rank: 2, alpha: 4 }, mixture: null },
    training: { steps: 2, batchSize: 2, sequenceLength: 32 },
    schedule: { warmupSteps: 1 },
    evaluation: { batchSize: 2, sequenceLength: 32 },
  };
  writeFileSync(join(own, 'sweep.yaml'), JSON.stringify({ name: 'own', trial, seeds: 4 }));
  const [disturbed, undisturbed] = ['disturbed', 'undisturbed'].map((name) =>
    SweepStore.create(join(own, name), planSweep(loadSweep(join(own, 'sweep.yaml')), { schema })),
  ) as [SweepStore, SweepStore];
  const worker = (store: SweepStore, onDone: () => void = () => undefined) =>
    new Promise<{ code: number | null; said: string }>((resolve) => {
      const child = spawn(process.execPath, [program(), 'worker', '--store', store.folder]);
      let said = '';
      const take = (text: Buffer) => {
        said += text.toString();
        if (text.toString().includes('done  ')) onDone();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.on('close', (code) => resolve({ code, said }));
    });

  expect(await worker(undisturbed)).toMatchObject({ code: 0 });
  const place = join(own, input);
  let away: Promise<void> | undefined;
  const { code, said } = await worker(disturbed, () => {
    if (away) return;
    renameSync(place, `${place}-away`);
    away = delay(1000).then(() => renameSync(`${place}-away`, place));
  });
  await away;
  expect(code, said).toBe(0);
  expect(planStatus(disturbed).counts).toMatchObject({ finished: 4, failed: 0, todo: 0 });
  for (const { hash } of disturbed.manifest().trials) {
    const [one, other] = [disturbed, undisturbed].map((store) => ({
      ...store.result(hash)!.metrics,
      'train/tokens_per_second': 0,
    }));
    expect(one).toEqual(other);
  }
});
