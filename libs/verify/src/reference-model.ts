import { sitePath, type ModelConfig, type SiteName } from '@gmoe/model';
import { HostTensor } from '@gmoe/tensor';
import type { TrainingBatch } from '@gmoe/training';
import type { GoldenCase } from './golden-case.js';

/** The numbers of a golden's decoder. */
export interface ModelNumbers {
  readonly V: number;
  readonly d: number;
  readonly heads: number;
  readonly kv_heads: number;
  readonly ffn: number;
  readonly layers: number;
  readonly rms_eps: number;
  readonly rope_theta: number;
}

const SITES: Readonly<Record<SiteName, string>> = {
  q_proj: 'q_proj',
  k_proj: 'k_proj',
  v_proj: 'v_proj',
  o_proj: 'o_proj',
  gate_proj: 'w1_proj',
  down_proj: 'w2_proj',
  up_proj: 'w3_proj',
};

/** The frozen decoder of a golden, under Hugging Face's names. */
export function referenceModel(golden: GoldenCase, json: ModelNumbers) {
  const config: ModelConfig = {
    family: 'llama',
    vocabSize: json.V,
    hiddenSize: json.d,
    ffnSize: json.ffn,
    layers: json.layers,
    heads: json.heads,
    kvHeads: json.kv_heads,
    headSize: json.d / json.heads,
    normEpsilon: json.rms_eps,
    rope: { base: json.rope_theta },
    maxPositions: golden.get('tokens', [null, null, null]).shape[2]!,
    tiedEmbeddings: false,
    qkvBias: false,
    outputBias: false,
    ffnBias: false,
    qkNorm: false,
  };
  const weights: Record<string, HostTensor> = {
    'model.embed_tokens.weight': golden.get('base.embed', [json.V, json.d]),
    'model.norm.weight': golden.get('base.norm', [json.d]),
    'lm_head.weight': golden.get('base.lm_head', [json.V, json.d]),
  };
  for (let layer = 0; layer < json.layers; layer++) {
    weights[`model.layers.${layer}.input_layernorm.weight`] = golden.get(`base.${layer}.ln1`);
    weights[`model.layers.${layer}.post_attention_layernorm.weight`] = golden.get(`base.${layer}.ln2`);
    for (const [name, theirs] of Object.entries(SITES)) {
      const path = sitePath({ layer, name: name as SiteName });
      weights[`${path}.weight`] = golden.get(`base.${layer}.${theirs}`);
    }
  }
  return { config, weights };
}

/** The authors' loss on one of their batches: every token is a target, padding too. tokens [steps, B, S]. */
export function referenceBatch(tokens: HostTensor, step: number, padding: number): TrainingBatch {
  const [, rows, length] = tokens.shape as [number, number, number];
  const size = rows * length;
  const ids = tokens.data.subarray(step * size, (step + 1) * size);
  const supervised = Array.from({ length: size }, (_, t) => t).filter((t) => t % length < length - 1);
  const positions = Array.from({ length: size }, (_, t) => t % length);
  return {
    ids_BS: HostTensor.int(ids, [rows, length]),
    positions_BS: HostTensor.int(positions, [rows, length]),
    segments_BS: HostTensor.int(
      Array.from(ids, (id) => (id === padding ? 0 : 1)),
      [rows, length],
    ),
    supervised_N: HostTensor.int(supervised),
    targets_N: HostTensor.int(supervised.map((t) => ids[t + 1]!)),
    weights_N: HostTensor.full([supervised.length], 1),
  };
}
