import type { ModelConfig } from './model-config.js';

/** The linear layers of a decoder layer that adapters can reach. */
export const SITE_NAMES = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export type SiteName = (typeof SITE_NAMES)[number];

/** One linear layer of the decoder. */
export interface Site {
  /** 0-based. */
  readonly layer: number;
  readonly name: SiteName;
}

export const EMBEDDING = 'model.embed_tokens.weight';
export const FINAL_NORM = 'model.norm.weight';
export const HEAD = 'lm_head.weight';

/** Hugging Face's name of a site's module, without `.weight` or `.bias`: `model.layers.0.self_attn.q_proj`. */
export function sitePath({ layer, name }: Site): string {
  return `model.layers.${layer}.${isAttention(name) ? 'self_attn' : 'mlp'}.${name}`;
}

/** Hugging Face's name of a layer's norm. */
export function normPath(
  layer: number,
  norm: 'input_layernorm' | 'post_attention_layernorm' | 'self_attn.q_norm' | 'self_attn.k_norm',
): string {
  return `model.layers.${layer}.${norm}.weight`;
}

/** Input and output width of a site. */
export function siteShape(config: ModelConfig, name: SiteName): { readonly inputs: number; readonly outputs: number } {
  const { hiddenSize, ffnSize, heads, kvHeads, headSize } = config;
  switch (name) {
    case 'q_proj':
      return { inputs: hiddenSize, outputs: heads * headSize };
    case 'k_proj':
    case 'v_proj':
      return { inputs: hiddenSize, outputs: kvHeads * headSize };
    case 'o_proj':
      return { inputs: heads * headSize, outputs: hiddenSize };
    case 'gate_proj':
    case 'up_proj':
      return { inputs: hiddenSize, outputs: ffnSize };
    case 'down_proj':
      return { inputs: ffnSize, outputs: hiddenSize };
  }
}

/** Whether a site adds a bias. */
export function siteHasBias(config: ModelConfig, name: SiteName): boolean {
  if (name === 'o_proj') return config.outputBias;
  return isAttention(name) ? config.qkvBias : config.ffnBias;
}

/**
 * Every tensor of a model by Hugging Face name with its shape, in a fixed order; linear weights are [outputs, inputs].
 * A tied head is not listed.
 */
export function weightShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { vocabSize, hiddenSize, headSize } = config;
  const shapes = new Map<string, readonly number[]>([[EMBEDDING, [vocabSize, hiddenSize]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    shapes.set(normPath(layer, 'input_layernorm'), [hiddenSize]);
    shapes.set(normPath(layer, 'post_attention_layernorm'), [hiddenSize]);
    if (config.qkNorm) {
      shapes.set(normPath(layer, 'self_attn.q_norm'), [headSize]);
      shapes.set(normPath(layer, 'self_attn.k_norm'), [headSize]);
    }
    for (const name of SITE_NAMES) {
      const { inputs, outputs } = siteShape(config, name);
      shapes.set(`${sitePath({ layer, name })}.weight`, [outputs, inputs]);
      if (siteHasBias(config, name)) shapes.set(`${sitePath({ layer, name })}.bias`, [outputs]);
    }
  }
  shapes.set(FINAL_NORM, [hiddenSize]);
  if (!config.tiedEmbeddings) shapes.set(HEAD, [vocabSize, hiddenSize]);
  return shapes;
}

/** Number of parameters; a tied head counts once. */
export function countParameters(config: ModelConfig): number {
  let count = 0;
  for (const shape of weightShapes(config).values()) count += shape.reduce((size, dim) => size * dim, 1);
  return count;
}

function isAttention(name: SiteName): boolean {
  return name === 'q_proj' || name === 'k_proj' || name === 'v_proj' || name === 'o_proj';
}
