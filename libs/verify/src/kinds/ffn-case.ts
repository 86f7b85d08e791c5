import { NAMES } from '@gmoe/adapters-core';
import { loadContribution, normalCoordination } from '@gmoe/coordination-normal';
import { poissonCoordination } from '@gmoe/coordination-poisson';
import { parseOptions } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import { FlatLayout, HostTensor, linear, swiglu, tf } from '@gmoe/tensor';
import { valueAndGradient } from '@gmoe/training';
import { z } from 'zod';
import { join, mixtureSources, split } from '../adapter-sources.js';
import type { CaseKind } from '../case-kind.js';
import { compare, compareExactly } from '../compare.js';
import { adjacencyChecks, goldenEdges } from '../golden-graph.js';
import { routerOf } from '../graph-names.js';
import { referenceAdapter, referenceStrategy } from '../reference-adapter.js';

const size = z.int().min(1);
const schema = z.looseObject({
  strategy: z.enum(['goe', 'mixtral']),
  B: size,
  S: size,
  d: size,
  ffn: size,
  experts: size,
  top_k: size,
  r: size,
  alpha: z.number().positive(),
  scaling: z.number(),
  layers: size,
  dim_gcn: size,
  threshold: z.number().optional(),
  objective: z.literal('sum(out*R1)+sum(probs*R2)+sum(now_count*R3)'),
  objective_value: z.number(),
});

type Base = { W1: tf.Tensor2D; W2: tf.Tensor2D; W3: tf.Tensor2D };
type Named = Record<string, tf.Tensor>;

/** A mixture of FFN experts through the adapter: output, routing, counts after one and two passes, gradients of the objective. */
export const ffnCase: CaseKind = {
  id: 'mixture FFN',
  prefix: 'd_ffn',
  async run(golden, engine) {
    const json = parseOptions(schema, golden.json, `${golden.name}.json`);
    const { B, S, d, ffn, experts, top_k } = json;
    const tokens = B * S;
    const { router, weights } = routerOf(json.strategy, { width: json.dim_gcn, layers: json.layers });
    // They only give their values here: lambda, sigma and the counts.
    const coordination = [poissonCoordination, normalCoordination].map((each) => referenceStrategy(each, {}));
    const config = { layers: 1, hiddenSize: d, ffnSize: ffn, heads: 1, kvHeads: 1, headSize: d } as ModelConfig;
    const adapter = referenceAdapter(config, json, router, coordination, false);

    const sources = mixtureSources(0, experts, '', '', weights);
    const trainable = Object.fromEntries(
      sources.map((source) => [source.ours, join(source, (name) => golden.get(`w.${name}`))]),
    );
    const learned = Object.fromEntries(
      coordination.flatMap((strategy) =>
        Object.entries(strategy.init(adapter.routing!.spec).trainable).map(([name, tensor]) => [
          NAMES.coordination(strategy.id) + name,
          tensor,
        ]),
      ),
    );
    const prefix = NAMES.router(0);
    const graph: Record<string, HostTensor> =
      json.strategy === 'goe'
        ? {
            [`${prefix}features`]: golden.get('w.gate.X', [experts, d]),
            [`${prefix}adjacency`]: golden.get('adj_norm', [experts + 1, experts + 1]),
          }
        : {};
    const x = golden.get('x', [B, S, d]).reshape([tokens, d]);
    const layout = new FlatLayout([
      ['x', x.shape],
      ...Object.entries(trainable).map(([name, { shape }]) => [name, shape] as const),
    ]);
    const frozen = {
      base: { W1: golden.get('W1', [ffn, d]), W2: golden.get('W2', [d, ffn]), W3: golden.get('W3', [ffn, d]) },
      router: graph,
      learned,
    };
    const program = engine.jit(
      (
        held: { base: Base; router: Named; learned: Named },
        flat: tf.Tensor1D,
        state: Named,
        r: { R1: tf.Tensor2D; R2: tf.Tensor2D; R3: tf.Tensor1D },
      ) =>
        valueAndGradient((input: tf.Tensor1D) => {
          const { x: x_TD, ...params } = layout.split(input);
          const tokenMask_T = tf.ones<tf.Rank.R1>([tokens]);
          const bound = adapter.bind(
            { trainable: { ...params, ...held.learned }, frozen: held.router, state },
            { tokenMask_T, training: true },
          );
          const { W1, W2, W3 } = held.base;
          const base = {
            gate: (y: tf.Tensor2D) => linear(y, W1),
            up: (y: tf.Tensor2D) => linear(y, W3),
            down: (y: tf.Tensor2D) => linear(y, W2),
            glu: swiglu<tf.Tensor2D>,
          };
          const out = bound.hooks.ffn!(0, x_TD as tf.Tensor2D, base)!;
          const layer = bound.routing!.layers().layers[0]!;
          const count = loadContribution(layer, tokenMask_T, top_k, { weights: 'probabilities', includePadding: true });
          const { metrics, state: next } = bound.routing!.losses();
          const loss = tf.addN([out.mul(r.R1).sum(), layer.probs_TE.mul(r.R2).sum(), count.mul(r.R3).sum()]);
          const rest = { out, probs: layer.probs_TE, mask: layer.mask_TE, count, metrics, next };
          return { loss: loss as tf.Scalar, rest };
        }, flat),
      { name: golden.name, frozen },
    );
    const flat = layout.pack({ x, ...trainable });
    const objective = {
      R1: golden.get('R1', [B, S, d]).reshape([tokens, d]),
      R2: golden.get('R2', [tokens, experts]),
      R3: golden.get('R3', [experts]),
    };
    const countName = `${NAMES.coordination('normal')}count.0`;
    const first = await program(flat, { [countName]: HostTensor.zeros([experts]) }, objective);
    const second = await program(flat, first.rest.next, objective);
    await program.dispose();

    const { out, probs, mask, count, metrics } = first.rest;
    const gradients = layout.unpack(first.gradient);
    const row = (value: HostTensor) => Array<number>(experts).fill(value.item());
    const component = [
      ...probs.data,
      ...count.data,
      ...row(metrics['poisson/lambda.0']!),
      ...row(metrics['normal/sigma.0']!),
    ];
    const graphChecks =
      json.strategy === 'goe' && json.threshold !== undefined
        ? adjacencyChecks(golden, goldenEdges(golden, 'w.gate.', json.threshold), 'adj_norm', 'adj_effective')
        : [];
    return [
      ...graphChecks,
      compare('scaling', json.alpha / json.r, json.scaling),
      compare('out', out, golden.get('out', [B, S, d])),
      compare('router_probs', probs, golden.get('router_probs', [tokens, experts])),
      compareExactly('topk_idx', mask, selected(golden.get('topk_idx', [tokens, top_k]), experts)),
      compare('loss_component', component, golden.get('loss_component', [tokens + 3, experts])),
      compare('count_after_1', first.rest.next[countName]!, golden.get('count_after_1', [experts])),
      compare('count_after_2', second.rest.next[countName]!, golden.get('count_after_2', [experts])),
      compare('objective_value', first.loss, json.objective_value),
      compare('grad.x', gradients['x']!, golden.get('grad.x', [B, S, d])),
      ...sources.flatMap((source) =>
        Object.entries(split(source, gradients[source.ours]!)).map(([name, got]) =>
          compare(`grad.${name}`, got, golden.get(`grad.${name}`)),
        ),
      ),
    ];
  },
};

/** 1 where an expert is among the ids. [T, K] -> [T, E], flat. */
function selected({ data, shape }: HostTensor, experts: number): number[] {
  const [tokens, k] = shape as [number, number];
  const mask = Array<number>(tokens * experts).fill(0);
  data.forEach((id, i) => (mask[Math.floor(i / k) * experts + id] = 1));
  return mask;
}
