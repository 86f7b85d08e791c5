import { parseModelConfig } from '../family/model-family.js';
import { testFamilies } from './test-families.js';

/** One layer of a Qwen2, small enough to damage it byte by byte. */
export const tinyConfig = parseModelConfig(
  {
    model_type: 'qwen2',
    vocab_size: 270,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
  },
  testFamilies,
);
