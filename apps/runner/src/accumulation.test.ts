import { createMoeLora, mixtureSchema } from '@gmoe/adapters-moe-lora';
import { routingMisfit } from '@gmoe/adapters-core';
import { coordinationKind } from '@gmoe/coordination-core';
import { createComponent, FIDELITIES, type Fidelity } from '@gmoe/core';
import { families } from '@gmoe/families';
import { initWeights, parseModelConfig } from '@gmoe/model';
import { sgd } from '@gmoe/optimizers';
import { routerKind, selectorKind } from '@gmoe/routers-core';
import { createEngine, HostTensor, RandomKey, type EngineName } from '@gmoe/tensor';
import { relativeError } from '@gmoe/tensor/testing';
import {
  trainableAdapter,
  createTrainingStep,
  type HostStepState,
  type StepReport,
  type TrainingBatch,
} from '@gmoe/training';
import { describe, expect, it } from 'vitest';
import { components } from './components.js';

const ROWS = 8;
const LENGTH = 6;
const VOCAB = 13;
const config = parseModelConfig(
  {
    model_type: 'llama',
    vocab_size: VOCAB,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: 16,
  },
  families,
);
const key = RandomKey.fromSeed(5);
const weights = initWeights(config, key, 0.4);

/** Rows first .. first + count - 1 of one batch of 8, padded to `width`; rows differ in length, and in the weight of their targets. */
function rowsOf(first: number, count: number, width = LENGTH): TrainingBatch {
  const rows = Array.from({ length: count }, (_, i) => first + i);
  const lengthOf = (row: number) => LENGTH - (row % 4);
  const cells = rows.flatMap((row) => Array.from({ length: width }, (_, s) => ({ row, s })));
  const ints = (of: (cell: { row: number; s: number }) => number) => HostTensor.int(cells.map(of), [count, width]);
  return {
    ids_BS: ints(({ row, s }) => (row * row + 3 * s + 1) % VOCAB),
    positions_BS: ints(({ s }) => s),
    segments_BS: ints(({ row, s }) => (s < lengthOf(row) ? 1 : 0)),
    supervised_N: HostTensor.int(rows.map((row, i) => i * width + lengthOf(row) - 1)),
    targets_N: HostTensor.int(rows.map((row) => (5 * row + 2) % VOCAB)),
    weights_N: HostTensor.float(rows.map((row) => 0.5 + (row % 3))),
  };
}

const split = (sizes: readonly number[]): TrainingBatch[] =>
  sizes.map((size, i) =>
    rowsOf(
      sizes.slice(0, i).reduce((sum, each) => sum + each, 0),
      size,
    ),
  );

interface Case {
  readonly router: string;
  readonly selector: string;
  readonly fidelity: Fidelity;
  readonly dropout?: number;
}

const sharesBatchOut = (selector: string) => components.build(selectorKind, { id: selector }).acrossTokens ?? false;

/**
 * Every router with top-k, every selector with the linear router, all strategies at once in each but those that do not fit it. Not
 * selectors that share a batch's tokens out, for which accumulation is refused.
 */
const cases: Case[] = [
  ...components.ids(routerKind).map((router) => ({ router, selector: 'top-k', fidelity: 'paper' as const })),
  ...components
    .ids(selectorKind)
    .filter((id) => id !== 'top-k' && !sharesBatchOut(id))
    .map((selector) => ({ router: 'linear', selector, fidelity: 'paper' as const })),
  ...FIDELITIES.filter((fidelity) => fidelity !== 'paper').map((fidelity) => ({
    router: 'linear',
    selector: 'top-k',
    fidelity,
  })),
];

function modelOf({ router, selector, fidelity, dropout = 0.1 }: Case) {
  const context = { fidelity, registry: components };
  const parts = {
    router: createComponent(
      components.get(routerKind, router),
      router === 'graph' ? { width: 6, density: 0.5 } : {},
      context,
    ),
    selector: createComponent(components.get(selectorKind, selector), {}, context),
  };
  const coordination = components
    .all(coordinationKind)
    .map((strategy) => createComponent(strategy, { coefficient: 1 }, context))
    .filter((strategy) => !routingMisfit({ ...parts, coordination: [strategy] }));
  const mixture = mixtureSchema.parse({ experts: 4, rank: 2, alpha: 4, dropout });
  const adapter = createMoeLora({ config, lora: null, mixture, ...parts, coordination });
  const start = adapter.init(key, weights);
  // B starts at zero, where no gradient reaches the router.
  const trainable = Object.fromEntries(
    Object.entries(start.trainable).map(([name, tensor]) => [
      name,
      name.includes('lora_B') ? key.fold(name).normal(tensor.shape, 0, 0.5) : tensor,
    ]),
  );
  return trainableAdapter(weights, adapter, key, { start: { ...start, trainable } });
}

/** Two optimizer steps, so that the second one starts from state; the first momentum of SGD is the gradient. */
function twoSteps(one: Case, engineName: EngineName, sizes: readonly number[]) {
  return twoStepsOf(one, engineName, split(sizes));
}

async function twoStepsOf(one: Case, engineName: EngineName, batches: readonly TrainingBatch[]) {
  const engine = await createEngine({ engine: engineName, device: 'cpu' });
  const trainingStep = createTrainingStep(engine, modelOf(one), sgd.create({ learningRate: 1e-2 }));
  let state = trainingStep.initial();
  const steps: { state: HostStepState; report: StepReport }[] = [];
  for (const step of [1, 2]) {
    const done = await trainingStep.run(state, batches, step, 1e-2, key.fold(step));
    ({ state } = done);
    steps.push(done);
  }
  await engine.dispose();
  return steps;
}

describe('accumulated batches are one large batch: losses, gradients, state, loads', () => {
  it.each(
    cases.flatMap((one) => [
      { ...one, engine: 'compiled' as const, sizes: [1, 1, 1, 1, 1, 1, 1, 1] },
      { ...one, engine: 'eager' as const, sizes: [3, 5] },
    ]),
  )('router $router, selector $selector, $fidelity: $engine, $sizes', async ({ engine, sizes, ...one }) => {
    const whole = await twoSteps(one, engine, [ROWS]);
    const parts = await twoSteps(one, engine, sizes);
    for (const [i, { state, report }] of parts.entries()) {
      const want = whole[i]!;
      const close = (got: number, wanted: number, what: string) =>
        expect(Math.abs(got - wanted), what).toBeLessThan(2e-5 * Math.max(1e-2, Math.abs(wanted)));
      close(report.loss, want.report.loss, 'loss');
      close(report.lmLoss, want.report.lmLoss, 'lm loss');
      close(report.gradientNorm, want.report.gradientNorm, 'gradient norm');
      for (const group of ['auxiliary', 'values'] as const) {
        expect(Object.keys(report[group])).toEqual(Object.keys(want.report[group]));
        for (const [name, value] of Object.entries(report[group])) close(value, want.report[group][name]!, name);
      }
      expect(report.counts).toEqual(want.report.counts);
      const gradient = state.optimizer['momentum']!.data;
      expect(relativeError(gradient, want.state.optimizer['momentum']!.data), 'gradient').toBeLessThan(2e-5);
      expect(Object.keys(state.buffers).sort()).toEqual(Object.keys(want.state.buffers).sort());
      for (const [name, { data }] of Object.entries(state.buffers)) {
        expect(relativeError(data, want.state.buffers[name]!.data), name).toBeLessThan(2e-6);
      }
    }
  });
});

describe('selectors that share the tokens of a batch out', () => {
  const ids = components.ids(selectorKind).filter(sharesBatchOut);

  it.each(ids)('%s: accumulation is refused', async (selector) => {
    const one: Case = { router: 'linear', selector, fidelity: 'paper' };
    await expect(twoSteps(one, 'eager', [ROWS])).resolves.toHaveLength(2);
    await expect(twoSteps(one, 'eager', [3, 5])).rejects.toThrow(/one batch a step/);
  });

  it('are these', () => expect(ids).toEqual(['expert-choice', 'sinkhorn']));
});

it('padding counts in no loss, load, gradient or state', async () => {
  // Without dropout, whose masks are drawn by place.
  const one: Case = { router: 'linear', selector: 'top-k', fidelity: 'paper', dropout: 0 };
  const [narrow, wide] = await Promise.all(
    [LENGTH, 2 * LENGTH + 1].map((width) => twoStepsOf(one, 'compiled', [rowsOf(0, ROWS, width)])),
  );
  for (const [i, { state, report }] of wide!.entries()) {
    const want = narrow![i]!;
    expect(report.counts).toEqual(want.report.counts);
    expect(Object.keys(report.auxiliary).length).toBeGreaterThan(5);
    const numbers = ({ loss, lmLoss, gradientNorm, auxiliary, values }: StepReport) => [
      loss,
      lmLoss,
      gradientNorm,
      ...Object.values(auxiliary),
      ...Object.values(values),
    ];
    for (const [j, value] of numbers(report).entries()) {
      const wanted = numbers(want.report)[j]!;
      expect(Math.abs(value - wanted)).toBeLessThan(2e-5 * Math.max(1e-2, Math.abs(wanted)));
    }
    expect(relativeError(state.optimizer['momentum']!.data, want.state.optimizer['momentum']!.data)).toBeLessThan(2e-5);
  }
});
