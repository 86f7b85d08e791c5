import { testChecks } from '@gmoe/core/testing';
import { routerContract } from '@gmoe/routers-core/testing';
import { createComponent } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { RandomKey, tf } from '@gmoe/tensor';
import { onBothEngines, relativeError } from '@gmoe/tensor/testing';
import { describe, expect, it } from 'vitest';
import { graphRouter, twinFreeEdges, type GraphRouterOptions } from './index.js';

// Two experts with an edge between them are twins, which nothing can tell apart: those cases start at five.
testChecks(
  `router '${graphRouter.id}' keeps the contract`,
  routerContract.checks(graphRouter, [
    { name: 'width 8', options: { width: 8, density: 0.4 } },
    { name: 'one layer, cosine edges', options: { width: 8, layers: 1, edges: 'cosine', density: 0.25 }, experts: [5] },
    {
      name: 'three layers, features learned',
      options: { width: 4, layers: 3, density: 0.45, trainFeatures: true },
      step: 3e-4,
    },
    { name: 'no edges, linear end', options: { width: 8, edges: 'none', activateLast: false } },
  ]),
);

const key = RandomKey.fromSeed(5);
type Matrix = number[][];
const rows = ({ data, shape }: HostTensor): Matrix =>
  Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(i * shape[1]!, (i + 1) * shape[1]!)]);
const silu = (x: number) => x / (1 + Math.exp(-x));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** METHOD by the letter, token by token and node by node, in double precision. */
function naive(
  tensors: Record<string, HostTensor>,
  x: Matrix,
  { layers, activateLast, tokenEdges, tokenMessage, width }: GraphRouterOptions,
): Matrix {
  const weight = (name: string) => rows(tensors[`${name}.weight`]!);
  const adjacency = rows(tensors['adjacency']!);
  const experts = rows(tensors['features']!).map((feature) => weight('struct').map((w) => silu(dot(feature, w))));
  return x.map((token) => {
    let nodes = [...experts, weight('token').map((w) => silu(dot(token, w)))];
    const token_ = nodes.at(-1)!;
    const strengths = softmax(experts.map((e) => dot(token_, e) / Math.sqrt(width))).map((p) => p * experts.length);
    /** What node j sends to node i, mapped. */
    const sent = (layer: number, mapped: Matrix, i: number, j: number): number[] => {
      if (layer > 0 || j < experts.length || i === experts.length) return mapped[j]!;
      const own = tokenMessage === 'shared' ? token_ : token_.map((h, g) => h * weight('message')[i]![g]!);
      return weight('conv.0').map((w) => dot(own, w) * (tokenEdges === 'equal' ? 1 : strengths[i]!));
    };
    for (let layer = 0; layer < layers; layer++) {
      const mapped = nodes.map((node) => weight(`conv.${layer}`).map((w) => dot(node, w)));
      const activate = layer < layers - 1 || activateLast ? silu : (value: number) => value;
      nodes = nodes.map((_, i) =>
        mapped[0]!.map((__, g) =>
          activate(mapped.reduce((sum, _node, j) => sum + adjacency[i]![j]! * sent(layer, mapped, i, j)[g]!, 0)),
        ),
      );
    }
    return nodes.slice(0, -1).map((node) => dot(node, weight('proj')[0]!));
  });
}

const softmax = (row: readonly number[]) => {
  const exps = row.map((value) => Math.exp(value - Math.max(...row)));
  return exps.map((value) => value / exps.reduce((sum, e) => sum + e, 0));
};

describe('fast form of the graph router', () => {
  const T = 4;
  const D = 5;
  const E = 6;
  const x_TD = key.fold('x').normal([T, D]);
  const r_TE = key.fold('r').normal([T, E]);

  it.each([
    { layers: 1 },
    { layers: 2 },
    { layers: 3 },
    { layers: 2, activateLast: false },
    { layers: 2, edges: 'cosine', gain: 3 },
    { layers: 1, tokenEdges: 'attention' },
    { layers: 2, tokenEdges: 'attention', gain: 3 },
    { layers: 2, tokenMessage: 'per-expert' },
    { layers: 1, tokenMessage: 'per-expert', tokenEdges: 'attention' },
  ])('equals message passing for each token, values and gradients: %o', async (choice) => {
    const options = graphRouter.options.parse({ width: 3, density: 0.4, trainFeatures: true, ...choice });
    const router = graphRouter.create(options);
    const spec = { modelWidth: D, experts: E, topK: 2, layer: 0 };
    const { trainable, frozen } = router.init(key.fold('init'), spec);
    const names = Object.keys(trainable);
    const program = (
      held: Record<string, tf.Tensor>,
      params: Record<string, tf.Tensor>,
      x: tf.Tensor2D,
      r: tf.Tensor2D,
    ) => {
      const route = (values: readonly tf.Tensor[]) =>
        router.route(
          { trainable: Object.fromEntries(names.map((name, i) => [name, values[i + 1]!])), frozen: held, state: {} },
          values[0] as tf.Tensor2D,
          { tokenMask_T: tf.ones([T]), training: true },
          spec,
        );
      const inputs = [x, ...names.map((name) => params[name]!)];
      const grads = tf.grads((...values: tf.Tensor[]) => route(values).probs_TE.mul(r).sum())(inputs);
      return { logits: route(inputs).logits_TE, grads };
    };
    const got = await onBothEngines(program, frozen, [trainable, x_TD, r_TE]);

    const all = { ...trainable, ...frozen };
    const want = naive(all, rows(x_TD), options as GraphRouterOptions);
    const objective = (tensors: Record<string, HostTensor>, x: Matrix) =>
      naive(tensors, x, options as GraphRouterOptions)
        .map(softmax)
        .reduce((sum, row, t) => sum + dot(row, rows(r_TE)[t]!), 0);
    for (const { logits, grads } of [got.compiled, got.eager]) {
      expect(relativeError(logits.data, want.flat())).toBeLessThan(2e-6);
      ['x', ...names].forEach((name, i) => {
        const at = name === 'x' ? x_TD : all[name]!;
        // Central differences of the naive form in double precision.
        const wanted = Array.from(at.data, (_, j) => {
          const moved = (step: number) => {
            const data = Float64Array.from(at.data);
            data[j]! += step;
            const tensor = { data, shape: at.shape } as unknown as HostTensor;
            return name === 'x' ? objective(all, rows(tensor)) : objective({ ...all, [name]: tensor }, rows(x_TD));
          };
          return (moved(1e-5) - moved(-1e-5)) / 2e-5;
        });
        expect(relativeError(grads[i]!.data, wanted), name).toBeLessThan(1e-5);
      });
    }
  });
});

describe('graph router draws', () => {
  const spec = { modelWidth: 16, experts: 8, topK: 2, layer: 0 };
  const init = (options: object, seed = 0, layer = 0) =>
    createComponent(graphRouter, { width: 8, ...options }).init(RandomKey.fromSeed(seed), { ...spec, layer });

  it('a seed of the edges fixes the graph for every trial, layer by layer', () => {
    const graph = (seed: number, layer: number) => init({ edgeSeed: 3 }, seed, layer).frozen['adjacency'];
    expect(graph(0, 0)).toEqual(graph(1, 0));
    expect(graph(0, 0)).not.toEqual(graph(0, 1));
    expect(init({}, 0).frozen['adjacency']).not.toEqual(init({}, 1).frozen['adjacency']);
    expect(init({ edgeSeed: 3 }, 0).trainable).not.toEqual(init({ edgeSeed: 3 }, 1).trainable);
  });

  it('tells the edges that its adjacency holds', () => {
    const router = (options: object) => createComponent(graphRouter, { width: 8, ...options });
    const key = RandomKey.fromSeed(4);
    const drawn = twinFreeEdges(8, 0.25, key.fold('edges'));
    const { frozen } = router({ density: 0.25 }).init(key, spec);
    expect(router({ density: 0.25 }).edges!(frozen)).toEqual(drawn.map((row) => row.map(Number)));
    const full = router({ edges: 'full' });
    expect(full.edges!(full.init(key, spec).frozen).map((row) => row.join(''))).toEqual(
      Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (__, j) => Number(i !== j)).join('')),
    );
  });

  it('warns, with counts, of graphs without edges and of twins', () => {
    expect(init({}).warnings).toEqual([]);
    expect(init({ edges: 'none' }).warnings).toEqual([
      'the graph joins 0 of 28 expert pairs: experts exchange messages through the token only',
    ]);
    expect(init({ edges: 'full' }).warnings).toEqual([
      '8 of 8 experts are twins (equal neighbourhoods, so equal logits): {0, 1, 2, 3, 4, 5, 6, 7}',
    ]);
  });

  it('starts Glorot-uniform with the gain on the token projection alone', () => {
    const bound = (fanIn: number, fanOut: number) => Math.sqrt(6 / (fanIn + fanOut));
    const { trainable, frozen } = init({ gain: 100 });
    const largest = (tensor: HostTensor) => Math.max(...tensor.data.map(Math.abs));
    const expected: [HostTensor, number][] = [
      [trainable['token.weight']!, 100 * bound(16, 8)],
      [trainable['struct.weight']!, bound(16, 8)],
      [trainable['conv.0.weight']!, bound(8, 8)],
      [trainable['proj.weight']!, bound(8, 1)],
      [frozen['features']!, bound(16, 8)],
    ];
    for (const [tensor, limit] of expected) {
      expect(largest(tensor)).toBeLessThanOrEqual(limit);
      expect(largest(tensor)).toBeGreaterThan(0.6 * limit);
    }
    expect(Object.keys(frozen)).toEqual(['adjacency', 'features']);
    expect(Object.keys(init({ trainFeatures: true }).trainable)).toContain('features');
  });
});
