import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, writeWhole } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import type { ModelConfig } from '../config/model-config.js';
import { weightShapes } from '../config/weight-shapes.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { fuseWeights } from './fused-weights.js';
import { writeSafetensors, type FloatType } from './safetensors-writer.js';

const TORCH_DTYPES = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

export interface ModelParts {
  readonly config: ModelConfig;
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly tokenizer: Tokenizer;
}

/**
 * Writes a model folder in Hugging Face layout: `config.json`, `model.safetensors`, `tokenizer.json`,
 * `tokenizer_config.json`; each file atomically.
 *
 * @param floats how weights are stored; F16 and BF16 halve the size
 * @throws UserError if a weight is missing or misshapen, or does not fit the 16-bit type
 */
export async function saveModel(
  dir: string,
  { config, weights, tokenizer }: ModelParts,
  { floats = 'F32' }: { readonly floats?: FloatType } = {},
): Promise<void> {
  const ordered: Record<string, HostTensor> = {};
  for (const [name, shape] of weightShapes(config)) {
    const tensor = weights[name];
    if (tensor?.shape.join() !== shape.join()) {
      const found = tensor ? `has shape [${tensor.shape.join(', ')}]` : 'is missing';
      throw new UserError(`${dir}: weight '${name}' ${found}, expected [${shape.join(', ')}]`);
    }
    ordered[name] = tensor;
  }
  await mkdir(dir, { recursive: true });
  const stored = fuseWeights(config, ordered);
  await writeSafetensors(join(dir, 'model.safetensors'), stored, { floats, metadata: { format: 'pt' } });
  writeWhole(join(dir, 'config.json'), `${withFloats(JSON.stringify(configJson(config, floats), undefined, 2))}\n`);
  writeJson(join(dir, 'tokenizer.json'), tokenizer.files.json);
  writeJson(join(dir, 'tokenizer_config.json'), tokenizer.files.config, 2);
}

/** The `config.json` that the model was read from, with its class and the type of its weights. */
function configJson({ json }: ModelConfig, floats: FloatType): Record<string, unknown> {
  if (!json) throw new Error('a model is saved with the config.json that its config was parsed from');
  const rest = Object.entries(json).filter(([name]) => name !== 'dtype');
  return { ...Object.fromEntries(rest), torch_dtype: TORCH_DTYPES[floats] };
}

/** Fields that transformers 5 takes as floats alone: a whole number must keep its point, which `JSON.stringify` leaves out. */
const FLOATS =
  /"(attn_logit_softcapping|final_logit_softcapping|initializer_range|rms_norm_eps|layer_norm_eps)": (\d+)(?=[,\s])/g;

function withFloats(json: string): string {
  return json.replace(FLOATS, '"$1": $2.0');
}

function writeJson(path: string, value: unknown, indent?: number): void {
  writeWhole(path, `${JSON.stringify(value, undefined, indent)}\n`);
}
