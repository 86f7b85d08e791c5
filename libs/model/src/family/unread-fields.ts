import { UserError } from '@gmoe/core';

/** Fields of `config.json` that do not change the logits: bookkeeping, training, generation, tasks. */
const NEUTRAL = new Set(
  `architectures auto_map model_type transformers_version torch_dtype dtype name_or_path license model_name
  use_cache cache_implementation pretraining_tp attn_implementation use_flash_attn use_flash_attention gradient_checkpointing
  initializer_range attention_dropout hidden_dropout hidden_dropout_prob attention_probs_dropout_prob resid_pdrop embd_pdrop
  attn_pdrop classifier_dropout neftune_noise_alpha output_hidden_states output_attentions return_dict output_scores
  return_dict_in_generate is_decoder is_encoder_decoder add_cross_attention cross_attention_hidden_size tie_encoder_decoder
  torchscript use_bfloat16 tf_legacy_loss pruned_heads chunk_size_feed_forward remove_invalid_values task_specific_params
  problem_type id2label label2id num_labels finetuning_task tokenizer_class prefix pad_token_id sep_token_id unk_token_id
  cls_token_id mask_token_id decoder_start_token_id bos_token_id eos_token_id pad_token bos_token eos_token model_max_length
  max_sequence_length max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature
  top_k top_p typical_p repetition_penalty length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids
  num_return_sequences forced_bos_token_id forced_eos_token_id exponential_decay_length_penalty suppress_tokens
  begin_suppress_tokens renormalize_logits max_new_tokens min_new_tokens epsilon_cutoff eta_cutoff penalty_alpha
  unsloth_fixed unsloth_version is_llama_config transformers.js_config`.split(/\s+/),
);

/** Values at which a field of some family does nothing, where that is another than null, false or empty. */
const WITHOUT_EFFECT: Readonly<Record<string, (value: unknown) => boolean>> = {
  embedding_multiplier: (value) => value === 1,
  logits_scaling: (value) => value === 1,
  residual_multiplier: (value) => value === 1,
  scale_emb: (value) => value === 1,
  rope_ratio: (value) => value === 1,
  full_attn_mod: (value) => value === 1,
  interpolate_factor: (value) => value === 1,
  layer_types: (value) => Array.isArray(value) && value.every((type) => type === 'full_attention'),
  // 1 stands for a layer with rotation.
  no_rope_layers: (value) => Array.isArray(value) && value.every((rotates) => rotates === 1),
  // They say nothing unless windows or layers without rotation are asked for.
  max_window_layers: () => true,
  no_rope_layer_interval: () => true,
};

/** Fields that change the maths by what turns others off. */
const EFFECT_WHEN_OFF: Readonly<Record<string, (value: unknown) => boolean>> = {
  // Read by transformers' masks, whatever the family.
  is_causal: (value) => value !== true,
};

/**
 * Refuses fields that a family does not read, unless they are known not to change the maths or have a value that turns them off.
 * @throws UserError naming the first
 */
export function refuseUnread(
  json: Readonly<Record<string, unknown>>,
  read: ReadonlySet<string>,
  modelType: string,
  where: string,
): void {
  for (const [name, value] of Object.entries(json)) {
    if (read.has(name) || NEUTRAL.has(name) || name.startsWith('_')) continue;
    const changes = EFFECT_WHEN_OFF[name];
    if (changes ? !changes(value) : isOff(value) || WITHOUT_EFFECT[name]?.(value)) continue;
    const shown = JSON.stringify(value);
    throw new UserError(
      `${where}: ${name}: is not read for model_type ${modelType}, and it may change the maths; take it out if it does not (got ${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown})`,
    );
  }
}

function isOff(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
