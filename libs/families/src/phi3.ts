import { activation, defineFamily, positive, size } from '@gmoe/model';

export const phi3Family = defineFamily({
  modelType: 'phi3',
  description: 'Phi-3, Phi-3.5 mini and Phi-4: q, k, v and gate, up stored as one matrix each',
  architecture: 'Phi3ForCausalLM',
  defaults: { max_position_embeddings: 4096, original_max_position_embeddings: 4096 },
  rope: { partial: 1, types: ['default', 'longrope'], aliases: { su: 'longrope', yarn: 'longrope' } },
  fields: {
    hidden_act: activation('silu'),
    rms_norm_eps: positive.default(1e-5),
    sliding_window: size.nullish(),
  },
  describe: ({ hidden_act, rms_norm_eps, sliding_window }) => ({
    activation: hidden_act,
    normEpsilon: rms_norm_eps,
    ...(sliding_window ? { slidingWindow: sliding_window } : {}),
    fused: [
      { name: 'self_attn.qkv_proj', parts: ['q_proj', 'k_proj', 'v_proj'] },
      { name: 'mlp.gate_up_proj', parts: ['gate_proj', 'up_proj'] },
    ],
  }),
});
