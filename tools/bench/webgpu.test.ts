import { createEngine, RandomKey, type DeviceName } from '@gmoe/tensor';
import { createTrainingStep } from '@gmoe/training';
import { messageOf } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { createBenchStep, optimizer, PARITY_SIZE } from './bench-step.js';

const STEPS = 10;

async function lossesOn(device: DeviceName): Promise<number[]> {
  const engine = await createEngine({ engine: 'compiled', device });
  const { model, batches } = createBenchStep(PARITY_SIZE);
  const trainingStep = createTrainingStep(engine, model, optimizer);
  let state = trainingStep.initial();
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const batch = batches[step % batches.length]!;
    const result = await trainingStep.run(state, [batch], step + 1, optimizer.learningRate, RandomKey.fromSeed(0));
    state = result.state;
    losses.push(result.report.loss);
  }
  await trainingStep.dispose();
  await engine.dispose();
  return losses;
}

async function whyNoWebGpu(): Promise<string | undefined> {
  try {
    await (await createEngine({ engine: 'compiled', device: 'webgpu' })).dispose();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

const missing = await whyNoWebGpu();
if (missing) process.stderr.write(`SKIPPED: the training step on WebGPU: ${missing}\n`);

describe.skipIf(missing)('a GMoE training step on WebGPU', () => {
  it('has the losses of the cpu over 10 steps', async () => {
    const onCpu = await lossesOn('cpu');
    const onGpu = await lossesOn('webgpu');
    // Read when written: 2e-7 with SwiftShader.
    onGpu.forEach((loss, i) => expect(Math.abs(loss / onCpu[i]! - 1)).toBeLessThan(1e-4));
  }, 60_000);
});
