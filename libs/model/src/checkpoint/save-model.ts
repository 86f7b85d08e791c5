import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { toConfigJson } from '../config/config-json.js';
import type { ModelConfig } from '../config/model-config.js';
import { weightShapes } from '../config/weight-shapes.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { writeAtomically } from './atomic-file.js';
import { writeSafetensors } from './safetensors-writer.js';

export interface ModelParts {
  readonly config: ModelConfig;
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly tokenizer: Tokenizer;
}

/**
 * Writes a model folder in Hugging Face layout: `config.json`, `model.safetensors`, `tokenizer.json`,
 * `tokenizer_config.json`; each file atomically.
 *
 * @param floats how weights are stored; F16 halves the size
 * @throws UserError if a weight is missing or misshapen, or does not fit F16
 */
export async function saveModel(
  dir: string,
  { config, weights, tokenizer }: ModelParts,
  { floats = 'F32' }: { readonly floats?: 'F32' | 'F16' } = {},
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
  await writeSafetensors(join(dir, 'model.safetensors'), ordered, { floats, metadata: { format: 'pt' } });
  const dtype = floats === 'F16' ? 'float16' : 'float32';
  await writeJson(join(dir, 'config.json'), { ...toConfigJson(config), torch_dtype: dtype }, 2);
  await writeJson(join(dir, 'tokenizer.json'), tokenizer.files.json);
  await writeJson(join(dir, 'tokenizer_config.json'), tokenizer.files.config, 2);
}

async function writeJson(path: string, value: unknown, indent?: number): Promise<void> {
  await writeAtomically(path, (file) => file.writeFile(`${JSON.stringify(value, undefined, indent)}\n`));
}
