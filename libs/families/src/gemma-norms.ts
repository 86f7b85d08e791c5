import type { LayerNorms } from '@gmoe/model';

/** Norms of Gemma 2 and 3: before and after attention, before and after the FFN. */
export const SANDWICH_NORMS: LayerNorms = {
  beforeAttention: 'input_layernorm',
  afterAttention: 'post_attention_layernorm',
  beforeFfn: 'pre_feedforward_layernorm',
  afterFfn: 'post_feedforward_layernorm',
};
