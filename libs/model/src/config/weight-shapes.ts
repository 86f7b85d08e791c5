import { PRE_NORMS, SITE_NAMES, type ModelConfig, type SiteName } from './model-config.js';

/** One linear layer of the decoder. */
export interface Site {
  /** 0-based. */
  readonly layer: number;
  readonly name: SiteName;
}

export const EMBEDDING = 'model.embed_tokens.weight';
export const FINAL_NORM = 'model.norm';
export const HEAD = 'lm_head.weight';

/** Name of a module of a layer: `model.layers.0.input_layernorm`. */
export function layerPath(layer: number, module: string): string {
  return `model.layers.${layer}.${module}`;
}

/** Hugging Face's name of a site's module, without `.weight` or `.bias`: `model.layers.0.self_attn.q_proj`. */
export function sitePath({ layer, name }: Site): string {
  return layerPath(layer, `${isAttention(name) ? 'self_attn' : 'mlp'}.${name}`);
}

/** Every site's path, layer by layer. */
export function sitePaths({ layers }: Pick<ModelConfig, 'layers'>): string[] {
  return Array.from({ length: layers }, (_, layer) => SITE_NAMES.map((name) => sitePath({ layer, name }))).flat();
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
 * Every tensor of a decoder by Hugging Face name with its shape, in a fixed order; linear weights are [outputs, inputs].
 * A tied head is not listed, fused projections are listed by their parts (`storedShapes` has them as files do).
 */
export function weightShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { vocabSize, hiddenSize, headSize, heads, kvHeads } = config;
  const { beforeAttention, afterAttention, beforeFfn, afterFfn } = config.layerNorms ?? PRE_NORMS;
  const shapes = new Map<string, readonly number[]>([[EMBEDDING, [vocabSize, hiddenSize]]]);
  const norm = (path: string, width: number): void => {
    shapes.set(`${path}.weight`, [width]);
    if (config.norm === 'layer') shapes.set(`${path}.bias`, [width]);
  };
  for (let layer = 0; layer < config.layers; layer++) {
    for (const name of [beforeAttention, afterAttention, beforeFfn, afterFfn]) {
      if (name) norm(layerPath(layer, name), hiddenSize);
    }
    if (config.qkNorm) {
      const perHead = config.qkNorm === 'head';
      norm(layerPath(layer, 'self_attn.q_norm'), perHead ? headSize : heads * headSize);
      norm(layerPath(layer, 'self_attn.k_norm'), perHead ? headSize : kvHeads * headSize);
    }
    for (const name of SITE_NAMES) {
      const { inputs, outputs } = siteShape(config, name);
      shapes.set(`${sitePath({ layer, name })}.weight`, [outputs, inputs]);
      if (siteHasBias(config, name)) shapes.set(`${sitePath({ layer, name })}.bias`, [outputs]);
    }
  }
  norm(FINAL_NORM, hiddenSize);
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
