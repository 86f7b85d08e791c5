import { defineComponent } from '@gmoe/core';
import { routerKind, type Router, type RouterInit, type RouterSpec } from '@gmoe/routers-core';
import { HostTensor, linear, RandomKey, silu, tf } from '@gmoe/tensor';
import { z } from 'zod';
import {
  cosineEdges,
  countEdges,
  EDGE_KINDS,
  fullEdges,
  noEdges,
  normalizedAdjacency,
  randomEdges,
  twinFreeEdges,
  twinGroups,
  type ExpertEdges,
} from './expert-graph.js';

const options = z.strictObject({
  width: z.int().min(1).max(8192).default(256).describe('G, width of the graph network'),
  layers: z.int().min(1).max(16).default(2).describe('graph convolution layers'),
  density: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('beta, share of expert pairs that are joined; edges: random and cosine only'),
  edges: z
    .enum(EDGE_KINDS)
    .default('random')
    .describe('random: pairs drawn by a seed (paper); cosine: experts with similar features (reference); full; none'),
  edgeSeed: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('seed of random edges, the same graph for every trial seed; null = drawn from the trial seed'),
  countDiagonal: z
    .boolean()
    .default(false)
    .describe(
      'cosine edges: whether an expert counts as joined to itself when the density is reached (reference: yes)',
    ),
  avoidTwins: z
    .boolean()
    .default(true)
    .describe(
      'random edges: draw again, up to 1000 times, while two experts have equal neighbourhoods and therefore equal logits. Not in the paper, where 66 % of the draws at E = 8, beta = 0.1 have such twins',
    ),
  gain: z
    .number()
    .positive()
    .default(1)
    .describe('factor on the Glorot bound of the token projection Wm (paper 1, reference 100)'),
  activateLast: z
    .boolean()
    .default(true)
    .describe('silu after the last graph layer too, as in the reference; false: only between layers'),
  tokenEdges: z
    .enum(['equal', 'attention'])
    .default('equal')
    .describe(
      'how strongly the token is joined to the experts: equal = alike (paper); attention = E times the softmax of the scaled products of token and expert features, so that the strengths depend on the token. Not in the paper',
    ),
  tokenMessage: z
    .enum(['shared', 'per-expert'])
    .default('shared')
    .describe(
      'what the token sends to the experts: shared = the same features (paper); per-expert = its features times a learned vector of each expert, drawn N(0, 1). Not in the paper',
    ),
  trainFeatures: z
    .boolean()
    .default(false)
    .describe('learn the expert features X; both paper and reference freeze them'),
});
export type GraphRouterOptions = z.output<typeof options>;

/** Glorot-uniform: U(-b, b), b = gain sqrt(6 / (fan in + fan out)) (Glorot & Bengio 2010 eq. 16). */
function glorot(key: RandomKey, shape: readonly [number, number], gain = 1): HostTensor {
  const bound = gain * Math.sqrt(6 / (shape[0] + shape[1]));
  return key.uniform(shape, -bound, bound);
}

/** `silu(X Ws^T)` on the host in float64: the features that cosine edges compare. [E][G] */
export function hiddenFeatures(features: HostTensor, struct: HostTensor): Float64Array[] {
  const [experts, modelWidth] = features.shape as [number, number];
  const width = struct.shape[0]!;
  return Array.from({ length: experts }, (_, e) =>
    Float64Array.from({ length: width }, (__, g) => {
      let sum = 0;
      for (let d = 0; d < modelWidth; d++) sum += features.data[e * modelWidth + d]! * struct.data[g * modelWidth + d]!;
      return sum / (1 + Math.exp(-sum));
    }),
  );
}

function layEdges(options: GraphRouterOptions, features: HostTensor, struct: HostTensor, key: RandomKey): ExpertEdges {
  const experts = features.shape[0]!;
  if (options.edges === 'full') return fullEdges(experts);
  if (options.edges === 'none') return noEdges(experts);
  if (options.edges === 'cosine') {
    return cosineEdges(hiddenFeatures(features, struct), options.density, options.countDiagonal);
  }
  return options.avoidTwins ? twinFreeEdges(experts, options.density, key) : randomEdges(experts, options.density, key);
}

function init(options: GraphRouterOptions, key: RandomKey, { modelWidth, experts, layer }: RouterSpec): RouterInit {
  const { width, layers, gain, edgeSeed } = options;
  const features = glorot(key.fold('features'), [experts, modelWidth]);
  const struct = glorot(key.fold('struct'), [width, modelWidth]);
  const trainable: Record<string, HostTensor> = {
    'token.weight': glorot(key.fold('token'), [width, modelWidth], gain),
    'struct.weight': struct,
    'proj.weight': glorot(key.fold('proj'), [1, width]),
  };
  if (options.tokenMessage === 'per-expert') {
    trainable['message.weight'] = key.fold('message').normal([experts, width], 0, 1);
  }
  for (let i = 0; i < layers; i++) trainable[`conv.${i}.weight`] = glorot(key.fold('conv').fold(i), [width, width]);
  const edgeKey = edgeSeed === null ? key.fold('edges') : RandomKey.fromSeed(edgeSeed).fold('edges').fold(layer);
  const edges = layEdges(options, features, struct, edgeKey);
  const adjacency = new HostTensor(normalizedAdjacency(edges), [experts + 1, experts + 1]);
  const frozen: Record<string, HostTensor> = { adjacency };
  (options.trainFeatures ? trainable : frozen)['features'] = features;
  return { trainable, frozen, state: {}, warnings: graphWarnings(edges) };
}

/** The expert-expert edges of a normalised adjacency [E + 1, E + 1]: its entries that are not 0, off the diagonal. */
function edgesOf({ data, shape }: HostTensor): number[][] {
  const size = shape[0]!;
  const experts = Array.from({ length: size - 1 }, (_, i) => i);
  return experts.map((i) => experts.map((j) => Number(i !== j && data[i * size + j] !== 0)));
}

/** What a researcher must know of a drawn graph, with counts. */
export function graphWarnings(edges: ExpertEdges): string[] {
  const warnings: string[] = [];
  const pairs = (edges.length * (edges.length - 1)) / 2;
  if (edges.length > 1 && countEdges(edges) === 0) {
    warnings.push(`the graph joins 0 of ${pairs} expert pairs: experts exchange messages through the token only`);
  }
  const twins = twinGroups(edges);
  if (twins.length > 0) {
    const names = twins.map((group) => `{${group.join(', ')}}`).join(' ');
    warnings.push(
      `${twins.flat().length} of ${edges.length} experts are twins (equal neighbourhoods, so equal logits): ${names}`,
    );
  }
  return warnings;
}

/**
 * Graph router (paper section 3.2; METHOD section 2): nodes are the experts, `e = silu(X Ws^T)`, and the token,
 * `h = silu(x Wm^T)`; each layer `Y <- silu(A (Y Wc^T))`; `logits = Y Wp^T` of the expert nodes.
 *
 * One graph serves every token, so the expert part of the first layer is computed once, the token's part is a rank-one
 * update, and the last layer leaves the token node out.
 *
 * In the paper the token adds nearly the same vector to every expert node, so that tokens hardly differ in their choice. Two options
 * change what it adds in the first layer: `tokenEdges: attention` weighs the edge to expert e by `a_te = E softmax_e(<h_t, e_e> / sqrt(G))`,
 * and `tokenMessage: per-expert` sends `h_t * m_e` in place of `h_t`, m [E, G] learned. The token node itself is as before.
 */
function createGraphRouter(options: GraphRouterOptions): Router {
  return {
    id: 'graph',
    init: (key, spec) => init(options, key, spec),
    edges: ({ adjacency }) => edgesOf(adjacency!),
    route({ trainable, frozen }, x_TD, _, { experts: E }) {
      const weight = (name: string) => trainable[`${name}.weight`] as tf.Tensor2D;
      const features = (options.trainFeatures ? trainable : frozen)['features'] as tf.Tensor2D;
      const adjacency = frozen['adjacency'] as tf.Tensor2D;
      const T = x_TD.shape[0];
      const G = options.width;
      const h_TG = silu(linear(x_TD, weight('token')));
      const e_EG = silu(linear(features, weight('struct')));

      /** Rows of the adjacency: the expert nodes alone in the last layer, the token node too before. */
      const rows = (i: number) => (i === options.layers - 1 ? E : E + 1);
      const fromExperts = (count: number) => adjacency.slice([0, 0], [count, E]);
      const fromToken = (count: number) => adjacency.slice([0, E], [count, 1]);

      // Layer 1: A[:, :E] (e Wc^T), the same for all tokens, + A[:, E] (x) (h Wc^T). Nodes come first: the graph mixes rows of [N, T G].
      const count = rows(0);
      const shared_N1G = tf.matMul(fromExperts(count), linear(e_EG, weight('conv.0'))).reshape([count, 1, G]);
      const token_MTG = tokenMessages(options, h_TG, e_EG, weight, count);
      const activate = (y_NTG: tf.Tensor3D, i: number) =>
        i < options.layers - 1 || options.activateLast ? silu(y_NTG) : y_NTG;
      const first_NTG = toNodes(token_MTG, fromToken(count)).add<tf.Tensor3D>(shared_N1G);
      let nodes_NTG = activate(first_NTG, 0);
      for (let i = 1; i < options.layers; i++) {
        const [N, M] = [nodes_NTG.shape[0], rows(i)];
        const mixed_MTG = tf.matMul(adjacency.slice([0, 0], [M, N]), nodes_NTG.reshape<tf.Tensor2D>([N, T * G]));
        const mapped = linear(mixed_MTG.reshape([M * T, G]), weight(`conv.${i}`)).reshape<tf.Tensor3D>([M, T, G]);
        nodes_NTG = activate(mapped, i);
      }
      const logits_ET = linear(nodes_NTG.reshape([E * T, G]), weight('proj')).reshape<tf.Tensor2D>([E, T]);
      const logits_TE = logits_ET.transpose<tf.Tensor2D>();
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
  };
}

/** Messages times the weight of each node's edge from the token. messages [1 or N, T, G], edges [N, 1] -> [N, T, G]. */
function toNodes(messages_MTG: tf.Tensor3D, edges_N1: tf.Tensor2D): tf.Tensor3D {
  const [M, T, G] = messages_MTG.shape;
  const N = edges_N1.shape[0];
  if (M > 1) return messages_MTG.mul(edges_N1.reshape([N, 1, 1]));
  // As a product, whose gradient is one, too: summed over a broadcast axis it takes three times as long.
  return tf.matMul(edges_N1, messages_MTG.reshape<tf.Tensor2D>([1, T * G])).reshape([N, T, G]);
}

/**
 * What the token sends to each node of the first layer, already mapped: the same to all, [1, T, G], or to each node its own, [N, T, G], N the
 * experts and, where there is a layer behind, the token itself.
 */
function tokenMessages(
  { tokenEdges, tokenMessage, width: G }: GraphRouterOptions,
  h_TG: tf.Tensor2D,
  e_EG: tf.Tensor2D,
  weight: (name: string) => tf.Tensor2D,
  nodes: number,
): tf.Tensor3D {
  const T = h_TG.shape[0];
  const E = e_EG.shape[0];
  const mapped = (rows: tf.Tensor2D, count: number) =>
    linear(rows, weight('conv.0')).reshape<tf.Tensor3D>([count, T, G]);
  const toAll_1TG = mapped(h_TG, 1);
  if (tokenEdges === 'equal' && tokenMessage === 'shared') return toAll_1TG;
  const toEach_ETG = () => {
    const weighted_ETG = h_TG.expandDims<tf.Tensor3D>(0).mul<tf.Tensor3D>(weight('message').expandDims(1));
    return mapped(weighted_ETG.reshape([E * T, G]), E);
  };
  const message_MTG = tokenMessage === 'per-expert' ? toEach_ETG() : toAll_1TG;
  const strength_ET1 = () =>
    tf
      .softmax(tf.matMul(h_TG, e_EG, false, true).mul<tf.Tensor2D>(1 / Math.sqrt(G)))
      .mul<tf.Tensor2D>(E)
      .transpose<tf.Tensor2D>()
      .expandDims<tf.Tensor3D>(2);
  const experts_ETG = tokenEdges === 'attention' ? message_MTG.mul<tf.Tensor3D>(strength_ET1()) : message_MTG;
  return nodes === E ? experts_ETG : tf.concat([experts_ETG, toAll_1TG], 0);
}

export const graphRouter = defineComponent(routerKind, {
  id: 'graph',
  description: 'graph network over experts and token (GMoE)',
  options,
  appliesWhen: {
    density: { edges: ['random', 'cosine'] },
    edgeSeed: { edges: ['random'] },
    avoidTwins: { edges: ['random'] },
    countDiagonal: { edges: ['cosine'] },
  },
  fidelity: {
    reference: { width: 128, density: 0.25, edges: 'cosine', countDiagonal: true, gain: 100 },
  },
  create: createGraphRouter,
});
