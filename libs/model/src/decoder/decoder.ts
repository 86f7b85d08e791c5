import { UserError } from '@gmoe/core';
import {
  attention,
  frozenLinear,
  gatherRows,
  gelu,
  geluTanh,
  layerNorm,
  linear,
  recomputable,
  rmsNorm,
  swiglu,
  tf,
} from '@gmoe/tensor';
import {
  attentionOfLayer,
  PRE_NORMS,
  type Activation,
  type ModelConfig,
  type SiteName,
} from '../config/model-config.js';
import { EMBEDDING, FINAL_NORM, HEAD, layerPath, siteHasBias, sitePath, type Site } from '../config/weight-shapes.js';
import { packedCausalMask } from './mask.js';
import { rotation, segmentLengths, type Rotate } from './rotary.js';

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

/** The frozen projections of one FFN, biases included: `down(glu(gate(x), up(x)))`. */
export interface BaseFfn {
  gate(x_TD: tf.Tensor2D): tf.Tensor2D;
  up(x_TD: tf.Tensor2D): tf.Tensor2D;
  /** The family's gated non-linearity, `activation(gate) * up`. */
  glu(gate_TF: tf.Tensor2D, up_TF: tf.Tensor2D): tf.Tensor2D;
  down(x_TF: tf.Tensor2D): tf.Tensor2D;
}

/** How adapters reach into the decoder. */
export interface DecoderHooks {
  /** Replaces a linear layer; `base` applies the model's own. */
  linear?(site: Site, x_TD: tf.Tensor2D, base: (x: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D;
  /**
   * Replaces an FFN, whose projections then bypass `linear`; undefined: the default FFN. x is normed.
   * @param rows_N in the last layer, where only some tokens are read (`DecoderOptions.rows_N`): their rows of x. The result may be of these
   * alone, [N, D].
   */
  ffn?(layer: number, x_TD: tf.Tensor2D, base: BaseFfn, rows_N?: tf.Tensor1D): tf.Tensor2D | undefined;
}

/** Tensors by Hugging Face name; see `weightShapes`. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

export interface DecoderOptions {
  /** Positions of the batch are below this; default S. */
  readonly positionLimit?: number;
  /** What padding sees: only padding (default), or the row's tokens before it, as in the authors' code. */
  readonly padding?: 'padding' | 'tokens';
  /** The tokens whose hidden states are asked for, rows of [T], int32; default all, in order. */
  readonly rows_N?: tf.Tensor1D;
}

/**
 * The decoder up to and including the final norm. Pure and differentiable in every weight; static shapes.
 * Llama: `x += o(attention(rope(q), rope(k), v)); x += down(silu(gate) * up)`, each on the RMS-normed stream; other families
 * differ in what their config says.
 *
 * @returns hidden states [T, D], or [N, D] of the rows that were asked for
 * @throws UserError for prompts that continuations share, where the rotation depends on each sequence's length
 */
export function decoderHidden(
  config: ModelConfig,
  weights: Weights,
  batch: DecoderBatch,
  hooks: DecoderHooks = {},
  options: DecoderOptions = {},
): tf.Tensor2D {
  const length = batch.ids_BS.shape[1];
  const mask = masksByWindow((window) => packedCausalMask(batch, window, options.padding));
  const rotate = rotation(config, batch.positions_BS, options.positionLimit ?? length, () => {
    if (batch.sharedSegments_BS) throw new UserError(sharedPromptMessage(config));
    return segmentLengths(batch.positions_BS, batch.segments_BS);
  });
  const { scale, softcap } = attentionOptions(config);
  // A row that sees nothing at all attends to all keys alike.
  const causal = options.padding !== 'tokens';
  return runLayers(
    config,
    weights,
    batch.ids_BS,
    rotate,
    hooks,
    (layer, q, k, v) =>
      attention(q, k, v, mask(attentionOfLayer(config, layer).slidingWindow), { scale, softcap, causal }),
    options.rows_N,
  );
}

/** The head, on the rows that are passed. hidden [N, D] -> logits [N, V]. */
export function decoderLogits(config: ModelConfig, weights: Weights, hidden_ND: tf.Tensor2D): tf.Tensor2D {
  const { logitsDivisor, logitsSoftcap } = config;
  let logits_NV = linear(hidden_ND, weight<tf.Tensor2D>(weights, config.tiedEmbeddings ? EMBEDDING : HEAD));
  if (logitsDivisor !== undefined) logits_NV = logits_NV.div(logitsDivisor);
  if (logitsSoftcap !== undefined) logits_NV = tf.tanh(logits_NV.div<tf.Tensor2D>(logitsSoftcap)).mul(logitsSoftcap);
  return logits_NV;
}

/** One layer's attention over projected, rotated heads: q [B, S, H, P], k and v [B, S, J, P] -> [B, S, H P]. */
export type Attend = (layer: number, q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D) => tf.Tensor3D;

/** Embedding, layers and final norm, whatever the attention looks at. ids [B, S] -> [T, D], or [N, D] of `rows`. */
export function runLayers(
  config: ModelConfig,
  weights: Weights,
  ids_BS: tf.Tensor2D,
  rotate: Rotate,
  hooks: DecoderHooks,
  attend: Attend,
  rows_N?: tf.Tensor1D,
): tf.Tensor2D {
  const [batch, length] = ids_BS.shape;
  const tokens = batch * length;
  const { heads, kvHeads, headSize, qkNorm, embeddingScale, residualScale } = config;
  const norms = config.layerNorms ?? PRE_NORMS;
  const glu = GLU[config.activation ?? 'silu'];
  const norm = (x: tf.Tensor2D, path: string): tf.Tensor2D => normed(config, weights, x, path);
  const scaled = (x: tf.Tensor2D): tf.Tensor2D => (residualScale === undefined ? x : x.mul(residualScale));

  const layerOf = (in_TD: tf.Tensor2D, layer: number): tf.Tensor2D => {
    const base = (name: SiteName) => baseLinear(config, weights, { layer, name });
    const apply = (name: SiteName, x: tf.Tensor2D): tf.Tensor2D =>
      hooks.linear ? hooks.linear({ layer, name }, x, base(name)) : base(name)(x);
    const normIf = (x: tf.Tensor2D, name: string | undefined): tf.Tensor2D =>
      name === undefined ? x : norm(x, layerPath(layer, name));
    const split = (x: tf.Tensor2D, count: number, normName?: 'q_norm' | 'k_norm'): tf.Tensor4D => {
      let rows = x;
      if (normName && qkNorm) {
        rows = qkNorm === 'head' ? x.reshape([tokens * count, headSize]) : x;
        rows = norm(rows, layerPath(layer, `self_attn.${normName}`));
      }
      return rows.reshape([batch, length, count, headSize]);
    };

    const a_TD = normIf(in_TD, norms.beforeAttention);
    const q_BSHP = split(apply('q_proj', a_TD), heads, 'q_norm');
    const k_BSJP = split(apply('k_proj', a_TD), kvHeads, 'k_norm');
    const v_BSJP = split(apply('v_proj', a_TD), kvHeads);
    const mixed_BSO = attend(layer, rotate(layer, q_BSHP), rotate(layer, k_BSJP), v_BSJP);
    const o_TD = apply('o_proj', mixed_BSO.reshape([tokens, heads * headSize]));
    const mid_TD = in_TD.add<tf.Tensor2D>(scaled(normIf(o_TD, norms.afterAttention)));

    const f_TD = normIf(mid_TD, norms.beforeFfn);
    const ffn = { gate: base('gate_proj'), up: base('up_proj'), down: base('down_proj'), glu };
    const added = (to: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor2D => to.add(scaled(normIf(y, norms.afterFfn)));
    const network = (x: tf.Tensor2D): tf.Tensor2D =>
      apply('down_proj', glu(apply('gate_proj', x), apply('up_proj', x)));
    if (!rows_N || layer < config.layers - 1) return added(mid_TD, hooks.ffn?.(layer, f_TD, ffn) ?? network(f_TD));

    const rowsOf = (x: tf.Tensor2D): tf.Tensor2D => gatherRows(x, rows_N);
    const isFewer = rows_N.shape[0] < tokens;
    const own = hooks.ffn?.(layer, f_TD, ffn, isFewer ? rows_N : undefined);
    // What replaces a linear layer may mix tokens, or drop out what was drawn for all.
    const y_ND = own ?? network(isFewer && !hooks.linear ? rowsOf(f_TD) : f_TD);
    return added(rowsOf(mid_TD), isFewer && y_ND.shape[0] === rows_N.shape[0] ? y_ND : rowsOf(y_ND));
  };

  let x_TD = gatherRows(weight<tf.Tensor2D>(weights, EMBEDDING), ids_BS.reshape([tokens]));
  if (embeddingScale !== undefined) x_TD = x_TD.mul(embeddingScale);
  for (let layer = 0; layer < config.layers; layer++) {
    const in_TD = x_TD;
    x_TD = recomputable(() => layerOf(in_TD, layer));
  }
  return norm(x_TD, FINAL_NORM);
}

/** How this model's attention departs from softmax(q k^T / sqrt(P)). */
export function attentionOptions({ attentionScale, attentionSoftcap }: ModelConfig): {
  readonly scale: number | undefined;
  readonly softcap: number | undefined;
} {
  return { scale: attentionScale, softcap: attentionSoftcap };
}

/** One mask for all layers of a window. */
export function masksByWindow(
  maskOf: (window: number | undefined) => tf.Tensor4D,
): (window: number | undefined) => tf.Tensor4D {
  const masks = new Map<number | undefined, tf.Tensor4D>();
  return (window) => {
    const mask = masks.get(window) ?? maskOf(window);
    masks.set(window, mask);
    return mask;
  };
}

const GLU: Record<Activation, BaseFfn['glu']> = {
  silu: swiglu,
  gelu: (gate, up) => gelu(gate).mul(up),
  'gelu-tanh': (gate, up) => geluTanh(gate).mul(up),
  relu: (gate, up) => tf.relu(gate).mul(up),
};

function normed(config: ModelConfig, weights: Weights, x_TD: tf.Tensor2D, path: string): tf.Tensor2D {
  const w_D = weight<tf.Tensor1D>(weights, `${path}.weight`);
  switch (config.norm ?? 'rms') {
    case 'rms':
      return rmsNorm(x_TD, w_D, config.normEpsilon);
    case 'rms-plus-one':
      return rmsNorm(x_TD, w_D.add(1), config.normEpsilon);
    case 'layer':
      return layerNorm(x_TD, w_D, weight<tf.Tensor1D>(weights, `${path}.bias`), config.normEpsilon);
  }
}

function sharedPromptMessage(config: ModelConfig): string {
  const { scaling } = config.rope;
  const limit = scaling && 'originalPositions' in scaling ? scaling.originalPositions : config.maxPositions;
  return `sequences of more than ${limit} tokens cannot share prompts: rope_type '${scaling?.type}' turns each by its length; choose a sequence length of at most ${limit}`;
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
