import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertBelow,
  componentChecks,
  ComponentRegistry,
  createComponent,
  DEFAULTS,
  type Component,
  type Contract,
  type ContractCase,
  type ContractCheck,
  euclideanNorm,
} from '@gmoe/core';
import { denseSelector, selectorKind, topKSelector, topPSelector, type Router } from '@gmoe/routers-core';
import { createEngine, HostTensor, linear, RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import type { Adapter, AdapterInit } from '../adapter.js';
import { adapterKind, type AdapterBuilder } from '../adapter-kind.js';
import { adapterStart, loadAdapter, saveAdapter } from '../files/adapter-files.js';
import {
  LENGTH,
  REAL,
  TOKENS,
  tinyBatch,
  tinyConfig,
  tinyObjective,
  tinyProgram,
  tinyWeights,
  type TinyFrozen,
} from './tiny-pass.js';

/** One configuration that an adapter is tested in. */
export interface AdapterContractCase extends ContractCase {
  /** Trainable tensors whose gradient is no derivative by design (part of the maths is constant to it), by name. */
  readonly partialGradient?: RegExp;
  /** Step of the finite difference along the gradient, relative to its norm. Default 3e-3. */
  readonly step?: number;
}

const key = RandomKey.fromSeed(17);
/** Distance to a point of a finite difference, at most. */
const LONGEST = 0.02;

/** Softmax of a linear map, for adapters that route. */
const router: Router = {
  id: 'contract',
  init: (drawn, { experts, modelWidth }) => ({
    trainable: { weight: drawn.normal([experts, modelWidth]) },
    frozen: {},
    state: {},
    warnings: [],
  }),
  route({ trainable }, x_TD) {
    const logits_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D);
    return { logits_TE, probs_TE: tf.softmax(logits_TE) };
  },
};

const selectors = () => new ComponentRegistry([adapterKind, selectorKind], [topKSelector, denseSelector, topPSelector]);

interface Setup {
  readonly adapter: Adapter;
  readonly init: AdapterInit;
  /** Moved off the starting values, where B is zero and hides wrong gradients. */
  readonly trainable: Record<string, HostTensor>;
}

function setup(component: Component<AdapterBuilder>, one: AdapterContractCase, registry: ComponentRegistry): Setup {
  const builder = createComponent(component, one.options ?? {}, { registry });
  const adapter = builder.build({ config: tinyConfig, ...(builder.routed ? { router } : {}) });
  const init = adapter.init(key.fold('init'), tinyWeights);
  const trainable = Object.fromEntries(
    Object.entries(init.trainable).map(([name, tensor]) => [name, move(tensor, shift(name, tensor), 1)]),
  );
  return { adapter, init, trainable };
}

const shift = (name: string, { shape }: HostTensor): HostTensor => key.fold('shift').fold(name).normal(shape, 0, 0.15);

function move(tensor: HostTensor, direction: HostTensor, factor: number): HostTensor {
  return HostTensor.float(
    tensor.data.map((value, i) => value + factor * direction.data[i]!),
    tensor.shape,
  );
}

const argsOf = ({ adapter, init }: Setup, trainable: Record<string, HostTensor>, batch = tinyBatch()) =>
  [trainable, init.state, adapter.randomInputs?.(key.fold('random'), TOKENS) ?? {}, batch, tinyObjective] as const;
const frozenOf = ({ init }: Setup) => ({ weights: tinyWeights, adapter: init.frozen });

/** Logits of the real tokens. */
function realLogits({ data, shape }: HostTensor): number[] {
  const width = shape[1]!;
  return Array.from(data).filter((_, i) => Math.floor(i / width) % LENGTH < REAL);
}

/** One pass, without the randomness of training, on the eager engine. */
async function eagerly(adapter: Adapter, frozen: TinyFrozen<HostTensor>, args: ReturnType<typeof argsOf>) {
  const engine = await createEngine({ engine: 'eager', device: 'cpu' });
  try {
    return await engine.jit(tinyProgram(adapter, false), { name: 'eager', frozen })(...args);
  } finally {
    await engine.dispose();
  }
}

/** The logits of weights without an adapter. */
async function bareLogits(config: Adapter['config'], weights: Readonly<Record<string, HostTensor>>) {
  const nothing = { trainable: {}, frozen: {}, state: {}, warnings: [] };
  const bare: Adapter = { config, bind: () => ({ hooks: {} }), init: () => nothing };
  return (await eagerly(bare, { weights, adapter: {} }, [{}, {}, {}, tinyBatch(), tinyObjective])).logits;
}

/**
 * What every adapter must hold, in each of the cases: it starts as the base, its gradients are finite and equal to finite
 * differences, padding changes nothing, eager and compiled agree, no tensor is left behind, what is random comes from the key alone,
 * and a saved adapter is the one that is loaded, bit by bit; where it merges, the merged weights give the same logits.
 */
export const adapterContract: Contract<AdapterBuilder, AdapterContractCase> = {
  kind: adapterKind,
  checks: (component, cases = DEFAULTS, registry = selectors()) => [
    ...componentChecks(component),
    ...cases.flatMap((one) => caseChecks(component, one, registry)),
  ],
};

function caseChecks(
  component: Component<AdapterBuilder>,
  one: AdapterContractCase,
  registry: ComponentRegistry,
): ContractCheck[] {
  const make = () => setup(component, one, registry);
  return [
    { name: 'starts as the base', run: () => startsAsBase(make()) },
    { name: 'gives finite gradients, the same on both engines, and leaves no tensor', run: () => enginesAgree(make()) },
    { name: 'has gradients equal to central differences, within 2 %', run: () => differences(make(), one) },
    { name: 'does not let padding touch real tokens', run: () => paddingIsApart(make()) },
    { name: 'draws from the key alone', run: () => keyed(make()) },
    {
      name: 'is saved and loaded bit by bit',
      run: () => roundTrip(make(), { id: component.id, ...one.options }),
    },
    { name: 'merges, where it can, into weights with the same logits', run: () => merges(make()) },
  ].map((check) => ({ ...check, name: `${one.name}: ${check.name}` }));
}

async function startsAsBase(one: Setup): Promise<void> {
  const { logits } = await eagerly(one.adapter, frozenOf(one), argsOf(one, { ...one.init.trainable }));
  const base = await bareLogits(tinyConfig, tinyWeights);
  assertBelow(relativeError(logits.data, base.data), 1e-5, 'logits beside those of the base');
}

async function enginesAgree(one: Setup): Promise<void> {
  const leaks = tf.engine().state.numTensors;
  const { compiled, eager } = await onBothEngines(tinyProgram(one.adapter), frozenOf(one), argsOf(one, one.trainable));
  assert.equal(tf.engine().state.numTensors, leaks, 'tensors left behind');
  assertBelow(relativeError(compiled.logits.data, eager.logits.data), 2e-5, 'logits');
  for (const [name, gradient] of Object.entries(eager.gradients)) {
    // relativeError is infinite for values that are not finite.
    assertBelow(relativeError(compiled.gradients[name]!.data, gradient.data), 2e-4, `gradient of ${name}`);
    assert.ok(
      gradient.data.some((value) => value !== 0),
      `${name} does not learn`,
    );
  }
}

async function differences(one: Setup, { step = 3e-3, partialGradient }: AdapterContractCase): Promise<void> {
  const engine = await createEngine({ engine: 'compiled', device: 'cpu' });
  try {
    const run = engine.jit(tinyProgram(one.adapter), { name: 'differences', frozen: frozenOf(one) });
    const { gradients } = await run(...argsOf(one, one.trainable));
    for (const [name, gradient] of Object.entries(gradients)) {
      if (partialGradient?.test(name)) continue;
      const norm = euclideanNorm(gradient.data);
      // A small gradient would ask for a long way, over which it changes.
      const change = Math.min(step, LONGEST * norm);
      const at = async (sign: number) => {
        const moved = move(one.trainable[name]!, gradient, (sign * change) / norm ** 2);
        return (await run(...argsOf(one, { ...one.trainable, [name]: moved }))).loss.item();
      };
      // Along the gradient the derivative is its norm; the step changes the loss by about `change`.
      const derivative = ((await at(1)) - (await at(-1))) / (2 * change);
      assertBelow(Math.abs(derivative - 1), 0.02, `${name}: ${derivative}, off 1 by`);
    }
  } finally {
    await engine.dispose();
  }
}

async function paddingIsApart(one: Setup): Promise<void> {
  const engine = await createEngine({ engine: 'eager', device: 'cpu' });
  try {
    const run = engine.jit(tinyProgram(one.adapter), { name: 'padding', frozen: frozenOf(one) });
    const [zero, seven] = [
      await run(...argsOf(one, one.trainable, tinyBatch(0))),
      await run(...argsOf(one, one.trainable, tinyBatch(7))),
    ] as const;
    assert.deepEqual(realLogits(seven.logits), realLogits(zero.logits));
  } finally {
    await engine.dispose();
  }
}

function keyed({ adapter, init }: Setup): void {
  assert.deepEqual(adapter.init(key.fold('init'), tinyWeights), init);
  const other = adapter.init(key.fold('other'), tinyWeights);
  assert.deepEqual(Object.keys(other.trainable), Object.keys(init.trainable));
  const draw = () => adapter.randomInputs?.(key, 6);
  assert.deepEqual(draw(), draw());
}

async function roundTrip(one: Setup, choice: { readonly id: string }): Promise<void> {
  const { adapter, init, trainable } = one;
  const folder = await mkdtemp(join(tmpdir(), 'adapter-contract-'));
  try {
    const description = {
      adapter: choice,
      router: adapter.routing ? { id: router.id } : null,
      coordination: [],
      components: [],
      baseModel: 'base',
    };
    await saveAdapter(folder, adapter, { description, tensors: { ...init, trainable } });
    const loaded = await loadAdapter(folder);
    assert.equal(loaded.description.adapter.id, choice.id);
    const start = adapterStart(adapter, adapter.init(key.fold('other'), tinyWeights), loaded);
    assert.deepEqual(start.trainable, trainable);
    assert.deepEqual(start.frozen, init.frozen);
    assert.deepEqual(start.state, init.state);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function merges(one: Setup): Promise<void> {
  const { adapter, init, trainable } = one;
  const merged = adapter.merge?.(tinyWeights, { ...init, trainable });
  if (!merged) return;
  const { logits } = await eagerly(adapter, frozenOf(one), argsOf(one, trainable));
  assertBelow(relativeError((await bareLogits(adapter.config, merged)).data, logits.data), 2e-5, 'merged logits');
}
