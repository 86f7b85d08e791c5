import { initWeights } from '@gmoe/model';
import { adamW } from '@gmoe/optimizers';
import { createEngine, HostTensor, RandomKey } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { createTrainingStep, type TrainingBatch } from './training-step.js';
import { countingBatch, tinyConfig as config } from './testing/counting.js';
import { trainableDecoder } from './trainable-model.js';

const weights = initWeights(config, RandomKey.fromSeed(3), 0.3);
const options = adamW.create({ learningRate: 1e-2, clipNorm: 1, weightDecayOn: 'matrices' });

async function losses(engineName: 'compiled' | 'eager', steps: number) {
  const engine = await createEngine({ engine: engineName, device: 'cpu' });
  const trainingStep = createTrainingStep(engine, trainableDecoder(config, weights), options);
  let state = trainingStep.initial();
  const out: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const next = await trainingStep.run(state, [countingBatch(step)], step, 1e-2, RandomKey.fromSeed(0));
    state = next.state;
    out.push(next.report.loss);
  }
  await engine.dispose();
  return { out, state };
}

describe('full-parameter steps', () => {
  it('learns to count, the same on both engines within 1e-4', async () => {
    const compiled = await losses('compiled', 30);
    const eager = await losses('eager', 20);
    eager.out.forEach((loss, i) => expect(Math.abs(compiled.out[i]! / loss - 1)).toBeLessThan(1e-4));
    expect(compiled.out[0]!).toBeGreaterThan(2);
    expect(compiled.out.at(-1)!).toBeLessThan(0.3 * compiled.out[0]!);
  });

  it('gradient accumulation equals one batch of all rows, also with unequal target weights', async () => {
    const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
    const trainingStep = createTrainingStep(engine, trainableDecoder(config, weights), options);
    const few = countingBatch(1, [1, 1, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0]);
    const all = countingBatch(5);
    const cat = (name: Exclude<keyof TrainingBatch, 'domains_BS'>, shift = 0): HostTensor => {
      const values = [...few[name].data, ...Array.from(all[name].data, (value) => value + shift)];
      const { shape } = few[name];
      return name === 'weights_N'
        ? HostTensor.float(values)
        : HostTensor.int(values, [2 * shape[0]!, ...shape.slice(1)]);
    };
    const both: TrainingBatch = {
      ids_BS: cat('ids_BS'),
      positions_BS: cat('positions_BS'),
      segments_BS: cat('segments_BS'),
      supervised_N: cat('supervised_N', 16),
      targets_N: cat('targets_N'),
      weights_N: cat('weights_N'),
    };
    const key = RandomKey.fromSeed(0);
    const once = await trainingStep.run(trainingStep.initial(), [both], 1, 1e-2, key);
    const twice = await trainingStep.run(trainingStep.initial(), [few, all], 1, 1e-2, key);
    expect(Math.abs(once.report.loss - twice.report.loss)).toBeLessThan(1e-6 * once.report.loss);
    expect(Math.abs(once.report.gradientNorm / twice.report.gradientNorm - 1)).toBeLessThan(1e-5);
    const a = once.state.optimizer['first_moment']!.data;
    const b = twice.state.optimizer['first_moment']!.data;
    const largest = Math.max(...Array.from(a, Math.abs));
    a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(2e-6 * largest));
    await engine.dispose();
  });
});
