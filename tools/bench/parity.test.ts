import { readFileSync } from 'node:fs';
import { createEngine, RandomKey } from '@gmoe/tensor';
import { createTrainingStep } from '@gmoe/training';
import { describe, expect, it } from 'vitest';
import { createBenchStep, optimizer, PARITY_SIZE } from './bench-step.js';

/** Losses of the same step in eager PyTorch: same weights, same batches, same maths (step_torch.py). */
const torch = JSON.parse(readFileSync(new URL('./testing/torch-losses.json', import.meta.url), 'utf8')) as {
  readonly loss: number[];
  readonly lm_loss: number[];
};

const STEPS = 20;
const TOLERANCE = 1e-4;

describe('a GMoE training step', () => {
  it.each(['compiled', 'eager'] as const)('%s: the loss curve of 20 steps is PyTorch’s', async (name) => {
    const engine = await createEngine({ engine: name, device: 'cpu' });
    const { model, batches } = createBenchStep(PARITY_SIZE);
    const trainingStep = createTrainingStep(engine, model, optimizer);
    let state = trainingStep.initial();
    let worst = 0;
    for (let step = 0; step < STEPS; step++) {
      const batch = batches[step % batches.length]!;
      const result = await trainingStep.run(state, [batch], step + 1, optimizer.learningRate, RandomKey.fromSeed(0));
      state = result.state;
      worst = Math.max(
        worst,
        Math.abs(result.report.loss / torch.loss[step]! - 1),
        Math.abs(result.report.lmLoss / torch.lm_loss[step]! - 1),
      );
    }
    await trainingStep.dispose();
    await engine.dispose();
    expect(worst).toBeLessThan(TOLERANCE);
  });
});
