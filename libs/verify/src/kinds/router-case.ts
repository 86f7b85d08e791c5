import { parseOptions } from '@gmoe/core';
import { cosineEdges, cosineSimilarities, hiddenFeatures, normalizedAdjacency } from '@gmoe/routers-graph';
import { topKSelector } from '@gmoe/routers-core';
import { HostTensor, takeAlongLast, tf } from '@gmoe/tensor';
import { z } from 'zod';
import type { CaseKind } from '../case-kind.js';
import { compare, compareExactly } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { graphWeights, routerOf } from '../graph-names.js';

const schema = z.looseObject({
  d: z.int().min(1),
  dim_gcn: z.int().min(1),
  experts: z.int().min(1),
  layers: z.int().min(1),
  tokens: z.int().min(1),
  top_k: z.int().min(1),
  threshold: z.number(),
  offdiag_edges: z.int().min(0).optional(),
  objective: z.literal('sum(softmax*R)'),
});

/** Expert graph, graph router and top-k selection: edges, outputs, gradients of `sum(softmax R)`. */
export const routerCase: CaseKind = {
  id: 'graph router',
  prefix: 'a_router',
  async run(golden, engine) {
    const { d, dim_gcn, experts, layers, tokens, top_k, threshold, offdiag_edges } = parseOptions(
      schema,
      golden.json,
      `${golden.name}.json`,
    );
    const checks = edgeChecks(golden, experts, threshold, offdiag_edges);

    const features = golden.get('w.X', [experts, d]);
    // The authors freeze X; with their informative gradient at hand, ours is checked as well.
    const trainFeatures = golden.has('grad.X');
    const { router } = routerOf('goe', { width: dim_gcn, layers, trainFeatures });
    const names = [...graphWeights(layers), ...(trainFeatures ? [['features', 'X'] as const] : [])];
    const weights = Object.fromEntries(names.map(([ours, theirs]) => [ours, golden.get(`w.${theirs}`)]));
    const frozen = { adjacency: adjacencyOf(golden, experts, threshold), ...(trainFeatures ? {} : { features }) };
    const selector = topKSelector.create({ k: top_k } as never);
    const spec = { modelWidth: d, experts, topK: top_k, layer: 0 };

    const program = engine.jit(
      (held: Record<string, tf.Tensor>, x: tf.Tensor2D, r: tf.Tensor2D, trainable: Record<string, tf.Tensor>) => {
        const context = { tokenMask_T: tf.ones<tf.Rank.R1>([tokens]), training: true };
        const route = (values: readonly tf.Tensor[]) => {
          const params = Object.fromEntries(names.map(([ours], i) => [ours, values[i + 1]!]));
          return router.route({ trainable: params, frozen: held, state: {} }, values[0] as tf.Tensor2D, context, spec);
        };
        const inputs = [x, ...names.map(([ours]) => trainable[ours]!)];
        const grads = tf.grads((...values: tf.Tensor[]) => route(values).probs_TE.mul(r).sum())(inputs);
        const output = route(inputs);
        const { ids_TK, weights_TK } = selector.select(output, context);
        return {
          logits: output.logits_TE,
          probs: output.probs_TE,
          ids_TK,
          weights_TK,
          raw_TK: takeAlongLast(output.probs_TE, ids_TK),
          grads,
        };
      },
      { name: golden.name, frozen },
    );
    const out = await program(golden.get('x', [tokens, d]), golden.get('R', [tokens, experts]), weights);
    await program.dispose();
    return [
      ...checks,
      compare('logits', out.logits, golden.get('logits', [tokens, experts])),
      compare('softmax', out.probs, golden.get('softmax', [tokens, experts])),
      compareExactly('topk_idx', out.ids_TK, golden.get('topk_idx', [tokens, top_k])),
      compare('topk_weight', out.weights_TK, golden.get('topk_weight', [tokens, top_k])),
      compare('topk_weight_raw', out.raw_TK, golden.get('topk_weight_raw', [tokens, top_k])),
      compare('grad.x', out.grads[0]!, golden.get('grad.x')),
      ...names.map(([, theirs], i) => compare(`grad.${theirs}`, out.grads[i + 1]!, golden.get(`grad.${theirs}`))),
    ];
  },
};

const edgesOf = (golden: GoldenCase, density: number) =>
  cosineEdges(hiddenFeatures(golden.get('w.X'), golden.get('w.mlp_struct.weight')), density, true);

function adjacencyOf(golden: GoldenCase, experts: number, density: number): HostTensor {
  return new HostTensor(normalizedAdjacency(edgesOf(golden, density)), [experts + 1, experts + 1]);
}

/** The graph as the product builds it from the weights, against the authors' on every stage. */
function edgeChecks(golden: GoldenCase, experts: number, density: number, offDiagonal: number | undefined) {
  const edges = edgesOf(golden, density);
  const off = (i: number, j: number) => (i !== j && edges[i]![j]! ? 1 : 0);
  const square = (size: number, value: (i: number, j: number) => number) =>
    Array.from({ length: size * size }, (_, n) => value(Math.floor(n / size), n % size));
  const mask = golden.get('edge_mask_raw', [experts, experts]).data;
  const token = experts;
  const similarities = cosineSimilarities(hiddenFeatures(golden.get('w.X'), golden.get('w.mlp_struct.weight')));
  return [
    compare('sim', similarities.flat(), golden.get('sim', [experts, experts])),
    // Its diagonal has holes from rounding; self-loops are added later in any case.
    compareExactly(
      'edge_mask_raw',
      square(experts, off),
      square(experts, (i, j) => (i === j ? 0 : mask[i * experts + j]!)),
    ),
    ...(offDiagonal === undefined
      ? []
      : [
          compareExactly(
            'offdiag_edges',
            square(experts, off).reduce((sum, value) => sum + value, 0),
            offDiagonal,
          ),
        ]),
    compareExactly(
      'adj_effective',
      square(experts + 1, (i, j) => (i === j || i === token || j === token ? 1 : off(i, j))),
      golden.get('adj_effective', [experts + 1, experts + 1]),
    ),
    compare('adj_norm', adjacencyOf(golden, experts, density), golden.get('adj_norm', [experts + 1, experts + 1])),
  ];
}
