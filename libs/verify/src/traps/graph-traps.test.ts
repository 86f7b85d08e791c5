import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterStart, loadAdapter, NAMES, saveAdapter } from '@gmoe/adapters-core';
import { createMoeLora, mixtureSchema } from '@gmoe/adapters-moe-lora';
import { createComponent, type Fidelity } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import { topKSelector, type Router } from '@gmoe/routers-core';
import {
  cosineEdges,
  countEdges,
  graphRouter,
  hiddenFeatures,
  twinGroups,
  type ExpertEdges,
} from '@gmoe/routers-graph';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const E = 8;
const PAIRS = 28;
const WIDTH = 32;
const spec = { modelWidth: WIDTH, experts: E, topK: 2, layer: 0 };

const routerOf = (fidelity: Fidelity, options: object = {}): Router =>
  createComponent(graphRouter, { width: WIDTH, ...options }, { fidelity });

const toEdges = (edges: number[][]): ExpertEdges => edges.map((row) => row.map((joined) => joined > 0));

function draws(fidelity: Fidelity, options: object, count: number) {
  const router = routerOf(fidelity, options);
  return Array.from({ length: count }, (_, seed) => {
    const init = router.init(RandomKey.fromSeed(seed), spec);
    return { init, edges: toEdges(router.edges!(init.frozen)) };
  });
}

const upload = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));

function probabilities(router: Router, init: ReturnType<Router['init']>, tokens = 32): number[][] {
  return tf.tidy(() => {
    const x_TD = tf.tensor(RandomKey.fromSeed(99).normal([tokens, spec.modelWidth]).data, [tokens, spec.modelWidth]);
    const { probs_TE } = router.route(
      { trainable: upload(init.trainable), frozen: upload(init.frozen), state: {} },
      x_TD as tf.Tensor2D,
      { tokenMask_T: tf.ones([tokens]), training: true },
      spec,
    );
    return probs_TE.arraySync();
  });
}

beforeAll(() => tf.setBackend('cpu'));

describe('trap 1: a density that counts the diagonal joins nobody', () => {
  it('reference, E = 8, beta = 0.1: 0 of 28 pairs in 40 of 40 draws, and a warning each time', () => {
    for (const { edges, init } of draws('reference', { density: 0.1 }, 40)) {
      expect(countEdges(edges)).toBe(0);
      expect(init.warnings[0]).toMatch(/^the graph joins 0 of 28 expert pairs/);
    }
  });

  it('reference, beta = 0.25: never fewer than 4, between 4 and 5 on average, in place of 7 of 28', () => {
    // (8 + 2 n) / 64 >= 0.25 from n = 4 on; a step of the threshold may let in several pairs at once.
    const counts = draws('reference', { density: 0.25 }, 100).map(({ edges }) => countEdges(edges));
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(Math.min(...counts)).toBe(4);
    expect(mean).toBeGreaterThan(4);
    expect(mean).toBeLessThan(5);
  });

  it('paper: the density that its name says, 3 and 7 of 28 in every draw', () => {
    for (const [density, count] of [
      [0.1, 3],
      [0.25, 7],
    ] as const) {
      expect(Math.round(density * PAIRS)).toBe(count);
      for (const { edges, init } of draws('paper', { density }, 40)) {
        expect(countEdges(edges)).toBe(count);
        expect(init.warnings).toEqual([]);
      }
    }
  });
});

describe('trap 2: twins, experts that no weight can tell apart', () => {
  const withTwins = (all: ReturnType<typeof draws>) => all.filter(({ edges }) => twinGroups(edges).length > 0);

  it('reference, beta = 0.25: 57 % of the draws have them, give or take 12, and say so', () => {
    const all = draws('reference', { density: 0.25 }, 100);
    const found = withTwins(all);
    expect(found.length / all.length).toBeGreaterThan(0.45);
    expect(found.length / all.length).toBeLessThan(0.69);
    for (const { init } of found) expect(init.warnings.join()).toMatch(/of 8 experts are twins/);
  });

  it('their probabilities are equal for every token, others are not', () => {
    const [{ init, edges }] = withTwins(draws('reference', { density: 0.25, gain: 1 }, 40)) as [
      ReturnType<typeof draws>[number],
    ];
    const twins = twinGroups(edges)[0]!;
    const probs = probabilities(routerOf('reference', { density: 0.25, gain: 1 }), init);
    const apart = (i: number, j: number) => Math.max(...probs.map((row) => Math.abs(row[i]! - row[j]!)));
    expect(apart(twins[0]!, twins[1]!)).toBeLessThan(1e-6);
    const other = Array.from({ length: E }, (_, e) => e).find((e) => !twinGroups(edges).flat().includes(e))!;
    expect(apart(twins[0]!, other)).toBeGreaterThan(1e-4);
  });

  it('paper: none in 200 draws; with avoidTwins off 66 % of them at beta = 0.1, give or take 8', () => {
    for (const density of [0.1, 0.25]) expect(withTwins(draws('paper', { density, width: 8 }, 200))).toEqual([]);
    const share = withTwins(draws('paper', { density: 0.1, width: 8, avoidTwins: false }, 400)).length / 400;
    expect(share).toBeGreaterThan(0.58);
    expect(share).toBeLessThan(0.74);
  });
});

describe('trap 3: edges that are laid anew from trained weights are another graph', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gmoe-traps-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const config = { layers: 1, hiddenSize: 16, ffnSize: 8, heads: 2, kvHeads: 2, headSize: 8 } as ModelConfig;
  const adapterOf = (fidelity: Fidelity) =>
    createMoeLora({
      config,
      lora: null,
      mixture: mixtureSchema.parse({ experts: E, rank: 2 }),
      router: routerOf(fidelity, { width: 16, density: 0.25 }),
      selector: topKSelector.create({ k: 2 }),
    });

  it('reference: rebuilt edges differ after a change of the weights; ours are saved, under both fidelities', async () => {
    const name = (tensor: string) => `${NAMES.router(0)}${tensor}`;
    let changed = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { trainable, frozen } = adapterOf('reference').init(RandomKey.fromSeed(seed), {});
      const struct = trainable[name('struct.weight')]!;
      const noise = RandomKey.fromSeed(seed).fold('training').normal(struct.shape, 0, 0.1);
      const trained = HostTensor.float(
        struct.data.map((value, i) => value + noise.data[i]!),
        struct.shape,
      );
      const lay = (weights: HostTensor) => cosineEdges(hiddenFeatures(frozen[name('features')]!, weights), 0.25, true);
      if (JSON.stringify(lay(struct)) !== JSON.stringify(lay(trained))) changed++;
    }
    // What the authors' code does at reload.
    expect(changed).toBeGreaterThan(10);

    for (const fidelity of ['reference', 'paper'] as const) {
      const adapter = adapterOf(fidelity);
      const init = adapter.init(RandomKey.fromSeed(1), {});
      const trainable = Object.fromEntries(
        Object.entries(init.trainable).map(([key, { data, shape }]) => [
          key,
          HostTensor.float(
            data.map((value) => 1.5 * value + 0.1),
            shape,
          ),
        ]),
      );
      const dir = join(folder, fidelity);
      await saveAdapter(dir, adapter, {
        description: {
          adapter: { id: 'moe-lora', lora: null },
          router: { id: 'graph' },
          coordination: [],
          components: [],
          baseModel: 'bundled',
        },
        tensors: { trainable, frozen: init.frozen, state: {} },
      });
      const fresh = adapter.init(RandomKey.fromSeed(2), {});
      const loaded = adapterStart(adapter, fresh, await loadAdapter(dir));
      expect(fresh.frozen[name('adjacency')]!.data).not.toEqual(init.frozen[name('adjacency')]!.data);
      expect(loaded.frozen[name('adjacency')]!.data).toEqual(init.frozen[name('adjacency')]!.data);
    }
  });
});

describe('trap 4: a start of the token projection at 100 times its size', () => {
  it('mean largest probability of 8 experts over 20 draws: reference 0.16-0.55, median above 0.2; paper an even 0.125 within 3 %', () => {
    const confidences = (fidelity: Fidelity) => {
      const options = { density: 0.25, edges: 'random' };
      return draws(fidelity, options, 20)
        .map(({ init }) => {
          const probs = probabilities(routerOf(fidelity, options), init);
          return probs.reduce((sum, row) => sum + Math.max(...row), 0) / probs.length;
        })
        .sort((a, b) => a - b);
    };
    const [reference, paper] = [confidences('reference'), confidences('paper')];
    expect(reference[10]!).toBeGreaterThan(0.2);
    expect(reference[0]!).toBeGreaterThan(1.15 * paper.at(-1)!);
    expect(paper.at(-1)!).toBeLessThan(0.125 * 1.03);
  });
});
