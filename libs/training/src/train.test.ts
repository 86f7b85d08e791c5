import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLora, loraSchema } from '@gmoe/adapters-lora';
import { initWeights, weightsFor } from '@gmoe/model';
import { adamW, lion } from '@gmoe/optimizers';
import { constantSchedule, cosineSchedule } from '@gmoe/schedules';
import { createEngine, RandomKey, type Compute, type Engine } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingSchema, type TrainingEvent } from './index.js';
import { countingBatch, tinyConfig } from './testing/counting.js';
import { train, type TrainResult, type TrainSettings } from './train.js';
import { trainableAdapter, trainableDecoder } from './trainable-model.js';

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = await createEngine({ engine: 'compiled', device: 'cpu' });
  folder = await mkdtemp(join(tmpdir(), 'train-'));
});
afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true });
});

const weights = initWeights(tinyConfig, RandomKey.fromSeed(3), 0.3);

function settings(over: Partial<TrainSettings> = {}, loop: object = {}): TrainSettings {
  return {
    engine,
    model: trainableDecoder(tinyConfig, weights),
    optimizer: adamW.create({ learningRate: 1e-2, clipNorm: 1 }),
    schedule: cosineSchedule.create({ warmupSteps: 2 }),
    loop: trainingSchema.parse({ steps: 8, ...loop }),
    steps: 8,
    *batches(skip) {
      for (let i = skip; ; i++) yield countingBatch(i);
    },
    key: RandomKey.fromSeed(0),
    ...over,
  };
}

async function collect(run: AsyncGenerator<TrainingEvent, TrainResult>, stopAfter = Infinity) {
  const events: TrainingEvent[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { events, result: next.value };
    events.push(next.value);
    if (next.value.type === 'checkpoint' && next.value.step >= stopAfter) {
      await run.return(undefined as never);
      return { events, result: undefined as never };
    }
  }
}

const bytes = (result: TrainResult) =>
  Buffer.concat(Object.values(result.last.trainable).map(({ data }) => Buffer.from(data.slice().buffer))).toString(
    'base64',
  );

describe('train', () => {
  it('a run killed after a checkpoint and resumed gives the same bits, events and best as an uninterrupted one', async () => {
    const loop = { accumulate: 2, evalEvery: 3, checkpointEvery: 4, best: { metric: 'eval/x', mode: 'min' } };
    const evaluate: TrainSettings['evaluate'] = async ({ trainable }) => ({
      'eval/x': trainable['model.norm.weight']!.data[0]!,
    });
    const whole = await collect(train(settings({ evaluate }, loop)));
    const lmLosses = whole.events.flatMap((event) => (event.type === 'step' ? [event.metrics['train/lm_loss']] : []));
    expect(whole.result.lmLoss).toBe(lmLosses.at(-1));
    const checkpoint = { folder: join(folder, 'kill'), identity: 'a' };
    const first = await collect(train(settings({ evaluate, checkpoint }, loop)), 4);
    expect(first.events.at(-1)).toMatchObject({ type: 'checkpoint', step: 4 });
    const second = await collect(train(settings({ evaluate, checkpoint }, loop)));
    expect(second.events[0]).toEqual({ type: 'note', step: 4, text: 'resumed after step 4' });
    expect(bytes(second.result)).toBe(bytes(whole.result));
    const losses = (events: TrainingEvent[]) =>
      events.flatMap((event) =>
        event.type === 'step' ? [[event.step, event.metrics['train/loss'], event.metrics['train/learning_rate']]] : [],
      );
    expect([...losses(first.events), ...losses(second.events)]).toEqual(losses(whole.events));
    expect(second.result.best).toEqual(whole.result.best);
    expect(second.result.lmLoss).toBe(whole.result.lmLoss);
    expect(whole.events.filter(({ type }) => type === 'eval').map(({ step }) => step)).toEqual([3, 6, 8]);
  });

  it('a resumed run gives the same bits with the base in 8 bits', async () => {
    const key = RandomKey.fromSeed(1);
    const adapter = createLora(loraSchema.parse({ rank: 2 }), tinyConfig);
    const model = async (compute: Compute) =>
      trainableAdapter(await weightsFor(compute, tinyConfig, weights), adapter, key);
    const int8 = { model: await model('int8') };
    const whole = await collect(train(settings(int8)));
    const checkpoint = { folder: join(folder, 'int8'), identity: 'a' };
    await collect(train(settings({ ...int8, checkpoint }, { checkpointEvery: 3 })), 3);
    const second = await collect(train(settings({ ...int8, checkpoint }, { checkpointEvery: 3 })));
    expect(bytes(second.result)).toBe(bytes(whole.result));
    const float32 = await collect(train(settings({ model: await model('float32') })));
    expect(bytes(whole.result)).not.toBe(bytes(float32.result));
    expect(whole.result.lmLoss! / float32.result.lmLoss!).toBeCloseTo(1, 1);
  });
  it.each([adamW, lion])(
    '$id: pauses at a step and goes on to the bits of an undisturbed run',
    async ({ id, create }) => {
      const optimizer = create({ learningRate: 1e-3 });
      const checkpoint = { folder: join(folder, `pause-${id}`), identity: 'a' };
      const whole = await collect(train(settings({ optimizer })));
      const first = await collect(train(settings({ optimizer, checkpoint, stopAfter: 3 })));
      expect(first.result).toMatchObject({ steps: 3, stopped: 'paused' });
      const second = await collect(train(settings({ optimizer, checkpoint })));
      expect(second.result).toMatchObject({ steps: 8, stopped: 'finished' });
      expect(bytes(second.result)).toBe(bytes(whole.result));
    },
  );

  it('refuses the checkpoint of another run, and a damaged one', async () => {
    const checkpoint = { folder: join(folder, 'other'), identity: 'a' };
    await collect(train(settings({ checkpoint, steps: 1 }, { checkpointEvery: 1 })));
    const other = train(settings({ checkpoint: { ...checkpoint, identity: 'b' } }));
    await expect(other.next()).rejects.toThrow(/belongs to another run \(a, this one is b\)/);
    const file = join(checkpoint.folder, 'checkpoint.safetensors');
    const good = await readFile(file);
    await truncate(file, good.length - 4);
    await expect(train(settings({ checkpoint })).next()).rejects.toThrow(/checkpoint\.safetensors/);
    await writeFile(file, good);
    expect((await train(settings({ checkpoint })).next()).value).toMatchObject({ text: 'resumed after step 1' });
  });

  it('stops early when the metric stays behind, and keeps the best', async () => {
    const values = [0.5, 0.7, 0.6, 0.7, 0.9, 0.9, 0.9, 0.9];
    const evaluate: TrainSettings['evaluate'] = async (_, step) => ({ 'eval/accuracy': values[step - 1]! });
    const { events, result } = await collect(train(settings({ evaluate }, { evalEvery: 1, patience: 2 })));
    expect(result).toMatchObject({ steps: 4, stopped: 'patience', best: { step: 2, value: 0.7 } });
    expect(events.flatMap((event) => (event.type === 'eval' ? [event.best] : []))).toEqual([true, true, false, false]);
  });

  it('stops with a clear note when the loss is no longer finite, and keeps the state before', async () => {
    const good = await collect(train(settings({ steps: 2, schedule: constantSchedule.create() })));
    const batches = function* () {
      yield countingBatch(0);
      yield countingBatch(1);
      yield countingBatch(2, Array<number>(14).fill(Infinity));
    };
    const { events, result } = await collect(train(settings({ batches, schedule: constantSchedule.create() })));
    expect(result).toMatchObject({ steps: 2, stopped: 'diverged' });
    expect(events.at(-1)).toMatchObject({
      type: 'note',
      step: 3,
      text: expect.stringMatching(/^stopped at step 3: lm loss = NaN/),
    });
    expect(bytes(result)).toBe(bytes(good.result));
  });

  it('tells the mean loss of the last tenth of the steps, also where a resume falls into it', async () => {
    const checkpoint = { folder: join(folder, 'tenth'), identity: 'a' };
    const whole = await collect(train(settings({ steps: 32 })));
    const losses = whole.events.flatMap((event) => (event.type === 'step' ? [event.metrics['train/lm_loss']!] : []));
    expect(whole.result.lmLoss).toBeCloseTo((losses[29]! + losses[30]! + losses[31]!) / 3, 12);
    await collect(train(settings({ steps: 32, checkpoint }, { checkpointEvery: 31 })), 31);
    expect((await collect(train(settings({ steps: 32, checkpoint })))).result.lmLoss).toBe(whole.result.lmLoss);
  });

  it('ends with the data, and on request', async () => {
    const short = await collect(train(settings({ batches: () => [countingBatch(0), countingBatch(1)] })));
    expect(short.result).toMatchObject({ steps: 2, stopped: 'data-exhausted' });
    const abort = AbortSignal.abort();
    expect((await collect(train(settings({ signal: abort })))).result).toMatchObject({ steps: 0, stopped: 'aborted' });
  });
});

it("README's example is the one that runs here", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n(?:import .*\n)*\n(.*?)```/s.exec(readme)!;
  const config = tinyConfig;
  const losses: number[] = [];
  const batchesFrom = function* (skip: number) {
    for (let i = skip; ; i++) yield countingBatch(i);
  };
  // The text of the example, with the imports of this file.
  const run = new Function(
    ...['createEngine', 'train', 'trainableDecoder', 'adamW', 'cosineSchedule', 'trainingSchema', 'RandomKey'],
    ...['config', 'weights', 'batchesFrom', 'losses'],
    `return (async () => { ${example!.replaceAll('!)', ')')} })()`,
  ) as (...values: unknown[]) => Promise<void>;
  await run(
    ...[createEngine, train, trainableDecoder, adamW, cosineSchedule, trainingSchema, RandomKey],
    ...[config, weights, batchesFrom, losses],
  );
  expect(losses).toHaveLength(8);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
});
