import type { Rope } from './rope.js';

/** The non-linearity of the gated feed-forward network: `activation(gate) * up`. */
export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu';

/**
 * `rms`: `x / rms(x) * w` (Llama); `rms-plus-one`: `x / rms(x) * (1 + w)` (Gemma); `layer`: `(x - mean(x)) / std(x) * w + b`.
 */
export type NormKind = 'rms' | 'rms-plus-one' | 'layer';

/** The norms of a layer by the last part of their tensors' names; where one is absent, nothing is normed. */
export interface LayerNorms {
  readonly beforeAttention?: string;
  /** On attention's output, before it is added to the stream. */
  readonly afterAttention?: string;
  readonly beforeFfn?: string;
  /** On the FFN's output, before it is added to the stream. */
  readonly afterFfn?: string;
}

/** Llama's: both parts of a layer read the normed stream. */
export const PRE_NORMS: LayerNorms = { beforeAttention: 'input_layernorm', beforeFfn: 'post_attention_layernorm' };

/** What sets a layer's attention apart from the others'. */
export interface LayerAttention {
  /** null: no rotation; absent: the model's. */
  readonly rope?: Rope | null;
  /** Tokens that a position sees, itself included; absent: all before it. */
  readonly slidingWindow?: number;
}

/** One stored matrix whose rows are those of several linear layers, one after the other. */
export interface FusedProjection {
  /** Its module's name, e.g. `self_attn.qkv_proj`. */
  readonly name: string;
  readonly parts: readonly SiteName[];
}

/** The linear layers of a decoder layer that adapters can reach. */
export const SITE_NAMES = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export type SiteName = (typeof SITE_NAMES)[number];
/** Those that read one and the same tensor. */
export const SITES_BY_INPUT: readonly (readonly SiteName[])[] = [
  ['q_proj', 'k_proj', 'v_proj'],
  ['o_proj'],
  ['gate_proj', 'up_proj'],
  ['down_proj'],
];

/** A decoder's maths: what a family's description makes of `config.json`. What is absent is as in Llama. */
export interface ModelConfig {
  /** Hugging Face's `model_type`. */
  readonly family: string;
  /** V */
  readonly vocabSize: number;
  /** D, width of the residual stream. */
  readonly hiddenSize: number;
  /** F, width inside the FFN. */
  readonly ffnSize: number;
  /** L */
  readonly layers: number;
  /** H, query heads. */
  readonly heads: number;
  /** Key and value heads; divides `heads`. */
  readonly kvHeads: number;
  /** P, width of one head. */
  readonly headSize: number;
  /** Epsilon inside every norm. */
  readonly normEpsilon: number;
  readonly norm?: NormKind;
  /** Default `PRE_NORMS`. */
  readonly layerNorms?: LayerNorms;
  /** Default `silu`. */
  readonly activation?: Activation;
  /** Rotary position embedding. */
  readonly rope: Rope;
  /** Longest sequence that the model was made for, in tokens. */
  readonly maxPositions: number;
  /** Whether the head is the embedding matrix. */
  readonly tiedEmbeddings: boolean;
  /** Whether q, k and v have a bias (Qwen2). */
  readonly qkvBias: boolean;
  /** Whether o has a bias (Llama with `attention_bias`). */
  readonly outputBias: boolean;
  /** Whether gate, up and down have a bias (Llama with `mlp_bias`). */
  readonly ffnBias: boolean;
  /** Norms of q and k before the rotation: of each head (Qwen3), or of the whole width (OLMo 2). */
  readonly qkNorm: false | 'head' | 'width';
  /** Tokens that a position sees, itself included; absent: all before it. */
  readonly slidingWindow?: number;
  /** By layer, where layers differ; then `slidingWindow` is absent. */
  readonly layerAttention?: readonly LayerAttention[];
  /** Factor of the embeddings (Gemma, Granite). */
  readonly embeddingScale?: number;
  /** Factor of q k^T; default `1 / sqrt(P)`. */
  readonly attentionScale?: number;
  /** Scores become `cap tanh(score / cap)` before the mask (Gemma 2). */
  readonly attentionSoftcap?: number;
  /** Factor of what each part of a layer adds to the stream (Granite). */
  readonly residualScale?: number;
  /** Logits are divided by this (Granite). */
  readonly logitsDivisor?: number;
  /** Logits become `cap tanh(logit / cap)` (Gemma 2). */
  readonly logitsSoftcap?: number;
  /** Matrices that a checkpoint stores as one (Phi-3). */
  readonly fused?: readonly FusedProjection[];
  readonly bosId?: number;
  /** End of text; the first where several are named. */
  readonly eosId?: number;
  /** The `config.json` that this was read from, which `saveModel` writes back. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/** Rotation and window of one layer. */
export function attentionOfLayer(
  config: ModelConfig,
  layer: number,
): { readonly rope: Rope | null; readonly slidingWindow: number | undefined } {
  const own = config.layerAttention?.[layer];
  return {
    rope: own?.rope === undefined ? config.rope : own.rope,
    slidingWindow: own ? own.slidingWindow : config.slidingWindow,
  };
}
