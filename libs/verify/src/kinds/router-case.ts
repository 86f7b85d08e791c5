import { parseOptions } from '@gmoe/core';
import { cosineSimilarities, type ExpertEdges } from '@gmoe/routers-graph';
import { topKSelector } from '@gmoe/routers-core';
import { takeAlongLast, tf } from '@gmoe/tensor';
import { z } from 'zod';
import type { CaseKind } from '../case-kind.js';
import type { Check } from '../case-report.js';
import { compare, compareExactly } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { adjacencyChecks, adjacencyOf, goldenEdges, goldenFeatures, joined, square } from '../golden-graph.js';
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
  raw_diag_count: z.int().min(0).optional(),
  objective: z.literal('sum(softmax*R)'),
});

/** Expert graph, graph router and top-k selection: edges, outputs, gradients of `sum(softmax R)`. */
export const routerCase: CaseKind = {
  id: 'graph router',
  prefix: 'a_router',
  async run(golden, engine) {
    const json = parseOptions(schema, golden.json, `${golden.name}.json`);
    const { d, dim_gcn, experts, layers, tokens, top_k, threshold } = json;
    const features = golden.get('w.X', [experts, d]);
    const edges = goldenEdges(golden, 'w.', threshold);
    const checks = edgeChecks(golden, experts, edges, json);

    // The authors freeze X; with their informative gradient at hand, ours is checked as well.
    const trainFeatures = golden.has('grad.X');
    const { router } = routerOf('goe', { width: dim_gcn, layers, trainFeatures });
    const names = [...graphWeights(layers), ...(trainFeatures ? [['features', 'X'] as const] : [])];
    const weights = Object.fromEntries(names.map(([ours, theirs]) => [ours, golden.get(`w.${theirs}`)]));
    const frozen = { adjacency: adjacencyOf(edges), ...(trainFeatures ? {} : { features }) };
    const selector = topKSelector.create({ k: top_k });
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

/** The graph as the product builds it from the weights, against the authors' on every stage. */
function edgeChecks(
  golden: GoldenCase,
  experts: number,
  edges: ExpertEdges,
  { offdiag_edges, raw_diag_count }: { offdiag_edges?: number | undefined; raw_diag_count?: number | undefined },
): Check[] {
  const mask = golden.get('edge_mask_raw', [experts, experts]).data;
  const raw = square(experts, (i, j) => mask[i * experts + j]!);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const offDiagonal = square(experts, (i, j) => joined(edges, i, j));
  const diagonal = square(experts, (i, j) => (i === j ? mask[i * experts + j]! : 0));
  return [
    compare('sim', cosineSimilarities(goldenFeatures(golden, 'w.')).flat(), golden.get('sim', [experts, experts])),
    // Its diagonal has holes from rounding; self-loops are added later in any case.
    compareExactly(
      'edge_mask_raw',
      offDiagonal,
      raw.map((value, n) => (n % (experts + 1) === 0 ? 0 : value)),
    ),
    ...(raw_diag_count === undefined ? [] : [compareExactly('raw_diag_count', sum(diagonal), raw_diag_count)]),
    ...(offdiag_edges === undefined ? [] : [compareExactly('offdiag_edges', sum(offDiagonal), offdiag_edges)]),
    ...adjacencyChecks(golden, edges, 'adj_norm', 'adj_effective'),
  ];
}
