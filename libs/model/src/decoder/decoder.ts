import { attention, frozenLinear, gatherRows, linear, rmsNorm, rope, swiglu, type tf } from '@gmoe/tensor';
import type { ModelConfig } from '../config/model-config.js';
import {
  EMBEDDING,
  FINAL_NORM,
  HEAD,
  normPath,
  siteHasBias,
  sitePath,
  type Site,
  type SiteName,
} from '../config/weight-shapes.js';
import { packedCausalMask } from './mask.js';
import { rotaryAt, type Rotary } from './rotary.js';

/** Packed token sequences, all int32. T = B S, row-major. */
export interface DecoderBatch {
  /** Token ids. */
  readonly ids_BS: tf.Tensor2D;
  /** Position of each token in its example, 0-based, below S (or `positionLimit`). */
  readonly positions_BS: tf.Tensor2D;
  /** 0 = padding, 1.. = packed example; attention is causal within one segment. */
  readonly segments_BS: tf.Tensor2D;
  /**
   * The segment that a token sees besides its own, or 0: several continuations of one prompt, each a segment whose
   * positions go on from the prompt's, share one computation of it. The shared segment comes first in its row.
   */
  readonly sharedSegments_BS?: tf.Tensor2D;
}

/** The frozen projections of one FFN, biases included. */
export interface BaseFfn {
  gate(x_TD: tf.Tensor2D): tf.Tensor2D;
  up(x_TD: tf.Tensor2D): tf.Tensor2D;
  down(x_TF: tf.Tensor2D): tf.Tensor2D;
}

/** How adapters reach into the decoder. */
export interface DecoderHooks {
  /** Replaces a linear layer; `base` applies the model's own. */
  linear?(site: Site, x_TD: tf.Tensor2D, base: (x: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D;
  /** Replaces an FFN, whose projections then bypass `linear`; undefined: the default FFN. x is normed. */
  ffn?(layer: number, x_TD: tf.Tensor2D, base: BaseFfn): tf.Tensor2D | undefined;
}

/** Tensors by Hugging Face name; see `weightShapes`. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

export interface DecoderOptions {
  /** Positions of the batch are below this; default S. */
  readonly positionLimit?: number;
  /** What padding sees: only padding (default), or the row's tokens before it, as in the authors' code. */
  readonly padding?: 'padding' | 'tokens';
}

/**
 * The decoder up to and including the final norm. Pure and differentiable in every weight; static shapes.
 * Llama: `x += o(attention(rope(q), rope(k), v)); x += down(silu(gate) * up)`, each on the RMS-normed stream.
 *
 * @returns hidden states [T, D]
 */
export function decoderHidden(
  config: ModelConfig,
  weights: Weights,
  batch: DecoderBatch,
  hooks: DecoderHooks = {},
  options: DecoderOptions = {},
): tf.Tensor2D {
  const length = batch.ids_BS.shape[1];
  const mask_B1SS = packedCausalMask(batch, config.slidingWindow, options.padding);
  const rotary = rotaryAt(config, batch.positions_BS, options.positionLimit ?? length);
  return runLayers(config, weights, batch.ids_BS, rotary, hooks, (_, q, k, v) => attention(q, k, v, mask_B1SS));
}

/** The head, on the rows that are passed. hidden [N, D] -> logits [N, V]. */
export function decoderLogits(config: ModelConfig, weights: Weights, hidden_ND: tf.Tensor2D): tf.Tensor2D {
  return linear(hidden_ND, weight<tf.Tensor2D>(weights, config.tiedEmbeddings ? EMBEDDING : HEAD));
}

/** One layer's attention over projected, rotated heads: q [B, S, H, P], k and v [B, S, J, P] -> [B, S, H P]. */
export type Attend = (layer: number, q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D) => tf.Tensor3D;

/** Embedding, layers and final norm, whatever the attention looks at. ids [B, S] -> [T, D]. */
export function runLayers(
  config: ModelConfig,
  weights: Weights,
  ids_BS: tf.Tensor2D,
  rotary: Rotary,
  hooks: DecoderHooks,
  attend: Attend,
): tf.Tensor2D {
  const [batch, length] = ids_BS.shape;
  const tokens = batch * length;
  const { heads, kvHeads, headSize, normEpsilon } = config;
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    rmsNorm(x, weight<tf.Tensor1D>(weights, name), normEpsilon);

  let x_TD = gatherRows(weight<tf.Tensor2D>(weights, EMBEDDING), ids_BS.reshape([tokens]));
  for (let layer = 0; layer < config.layers; layer++) {
    const base = (name: SiteName) => baseLinear(config, weights, { layer, name });
    const apply = (name: SiteName, x: tf.Tensor2D): tf.Tensor2D =>
      hooks.linear ? hooks.linear({ layer, name }, x, base(name)) : base(name)(x);
    const split = (x: tf.Tensor2D, count: number, normName?: 'self_attn.q_norm' | 'self_attn.k_norm'): tf.Tensor4D => {
      const rows = normName ? norm(x.reshape([tokens * count, headSize]), normPath(layer, normName)) : x;
      return rows.reshape([batch, length, count, headSize]);
    };

    const a_TD = norm(x_TD, normPath(layer, 'input_layernorm'));
    const q_BSHP = split(apply('q_proj', a_TD), heads, config.qkNorm ? 'self_attn.q_norm' : undefined);
    const k_BSJP = split(apply('k_proj', a_TD), kvHeads, config.qkNorm ? 'self_attn.k_norm' : undefined);
    const v_BSJP = split(apply('v_proj', a_TD), kvHeads);
    const rotate = (x: tf.Tensor4D): tf.Tensor4D => rope(x, rotary.cos_BS1P, rotary.sin_BS1P);
    const mixed_BSO = attend(layer, rotate(q_BSHP), rotate(k_BSJP), v_BSJP);
    x_TD = x_TD.add(apply('o_proj', mixed_BSO.reshape([tokens, heads * headSize])));

    const f_TD = norm(x_TD, normPath(layer, 'post_attention_layernorm'));
    const ffn = { gate: base('gate_proj'), up: base('up_proj'), down: base('down_proj') };
    const replaced_TD = hooks.ffn?.(layer, f_TD, ffn);
    x_TD = x_TD.add(replaced_TD ?? apply('down_proj', swiglu(apply('gate_proj', f_TD), apply('up_proj', f_TD))));
  }
  return norm(x_TD, FINAL_NORM);
}

function baseLinear(config: ModelConfig, weights: Weights, site: Site): (x: tf.Tensor2D) => tf.Tensor2D {
  const path = sitePath(site);
  const product = (x: tf.Tensor2D): tf.Tensor2D => frozenLinear(x, weights, `${path}.weight`);
  if (!siteHasBias(config, site.name)) return product;
  const bias_O = weight<tf.Tensor1D>(weights, `${path}.bias`);
  return (x) => product(x).add(bias_O);
}

function weight<T extends tf.Tensor>(weights: Weights, name: string): T {
  const tensor = weights[name];
  if (!tensor) throw new Error(`the decoder needs the weight '${name}'`);
  return tensor as T;
}
