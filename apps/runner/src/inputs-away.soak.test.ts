import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadSweep, planStatus, planSweep, SweepStore } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { schema } from './components.js';
import { writeTinySweep } from './testing/options/tiny-inputs.js';
import { setUpGmoe } from './testing/run-gmoe.js';

const { folder, program } = setUpGmoe();

/** How long a mount is away, s. */
const AWAY = Number(process.env['GMOE_AWAY_SECONDS'] ?? 60);

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

function gmoe(args: readonly string[], onText: (text: string) => void = () => undefined): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program(), ...args], {
      env: { ...process.env, MLFLOW_TRACKING_URI: '', NO_COLOR: '1' },
    });
    let said = '';
    const take = (text: Buffer) => {
      said += text.toString();
      onText(text.toString());
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', (code) => resolve({ code, said }));
  });
}

/** What a trial came to, but for its speed. */
const outcomes = (store: SweepStore) =>
  store.manifest().trials.map(({ hash }) => ({ ...store.result(hash)!.metrics, 'train/tokens_per_second': 0 }));

async function writeLab(name: string): Promise<string> {
  const own = join(folder(), name);
  const trial = {
    adapter: { lora: { rank: 2, alpha: 4 }, mixture: null },
    training: { steps: 40, batchSize: 2, sequenceLength: 32 },
    schedule: { warmupSteps: 1 },
    evaluation: { batchSize: 2, sequenceLength: 32 },
  };
  await writeTinySweep(own, trial, 6);
  return own;
}

describe.each(['sweep', 'worker'] as const)(`gmoe %s, for ${AWAY} s`, (command) => {
  it.each(['base', 'data', 'store'])('a sweep whose %s is away ends complete and equal', async (input) => {
    const own = await writeLab(`lab-${command}-${input}`);
    const [undisturbed, store] = [join(own, 'undisturbed'), join(own, 'store')];
    const sweep = ['sweep', join(own, 'sweep.yaml'), '--jobs', '1', '--out'];
    expect(await gmoe([...sweep, undisturbed])).toMatchObject({ code: 0 });
    const place = join(own, input);
    let away: Promise<void> | undefined;
    // A worker takes up a plan that somebody left.
    if (command === 'worker') SweepStore.create(store, planSweep(loadSweep(join(own, 'sweep.yaml')), { schema }));
    const args = command === 'sweep' ? [...sweep, store] : ['worker', '--store', store];
    const { code, said } = await gmoe(args, (text) => {
      if (away || !/finished {2}|done {2}/.test(text)) return;
      renameSync(place, `${place}-away`);
      away = delay(AWAY * 1000).then(() => renameSync(`${place}-away`, place));
    });
    await away;
    expect(away, 'was away').toBeDefined();
    expect(code, said).toBe(0);
    const disturbed = SweepStore.open(store);
    expect(planStatus(disturbed).counts).toMatchObject({ finished: 6, failed: 0, todo: 0 });
    expect(outcomes(disturbed)).toEqual(outcomes(SweepStore.open(undisturbed)));
  });
});
