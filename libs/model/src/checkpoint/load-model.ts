import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { z } from 'zod';
import { parseModelConfig, type ModelConfig } from '../config/model-config.js';
import { HEAD, weightShapes } from '../config/weight-shapes.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { readJsonFile } from './json-file.js';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';

/** A language model in host memory. */
export interface LoadedModel {
  readonly config: ModelConfig;
  /** float32, by Hugging Face name; see `weightShapes`. */
  readonly weights: Record<string, HostTensor>;
  readonly tokenizer: Tokenizer;
}

/** Tensors that some checkpoints carry and the decoder computes itself. */
const COMPUTED = /\.rotary_emb\.inv_freq$/;

/** Reads `config.json` of a model folder. @throws UserError if it is missing or names something unknown */
export async function loadModelConfig(dir: string): Promise<ModelConfig> {
  const path = join(dir, 'config.json');
  const json = await readJsonFile(path, z.unknown());
  if (json === undefined) throw new UserError(`${path}: no such file; a model folder needs its config.json`);
  return parseModelConfig(json, path);
}

/**
 * Reads the weights of a model folder as float32, one tensor at a time: memory peaks at the float32 size plus 8 MiB.
 *
 * Each process holds its own copy: Node has no memory map, and a SharedArrayBuffer stays within one process. Within a
 * process all programs of an engine share this one copy.
 *
 * @throws UserError on a missing, surplus, misshapen, truncated or non-finite tensor
 */
export async function loadWeights(dir: string, config: ModelConfig): Promise<Record<string, HostTensor>> {
  const checkpoint = await openCheckpoint(dir);
  try {
    const expected = weightShapes(config);
    checkTensors(checkpoint, expected, config);
    const weights: Record<string, HostTensor> = {};
    for (const name of expected.keys()) {
      const tensor = await checkpoint.read(name);
      if (tensor.dtype !== 'float32') {
        throw new UserError(`${checkpoint.path}: tensor '${name}' holds ${tensor.dtype} values, not floats`);
      }
      weights[name] = tensor;
    }
    return weights;
  } finally {
    await checkpoint.close();
  }
}

/** Reads a model folder in Hugging Face layout. @throws UserError as its parts */
export async function loadModel(dir: string): Promise<LoadedModel> {
  const config = await loadModelConfig(dir);
  const tokenizer = await loadTokenizer(dir);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new UserError(
      `${dir}: the tokenizer has ${tokenizer.vocabSize} entries, but config.json says vocab_size ${config.vocabSize}`,
    );
  }
  return { config, weights: await loadWeights(dir, config), tokenizer };
}

/** Checks names and shapes before anything is read. */
function checkTensors(
  checkpoint: Checkpoint,
  expected: ReadonlyMap<string, readonly number[]>,
  config: ModelConfig,
): void {
  for (const [name, shape] of expected) {
    const found = checkpoint.shapeOf(name);
    if (!found) throw new UserError(`${checkpoint.path}: tensor '${name}' is missing`);
    if (found.join() !== shape.join()) {
      throw new UserError(
        `${checkpoint.path}: tensor '${name}' has shape [${found.join(', ')}], config.json asks for [${shape.join(', ')}]`,
      );
    }
  }
  for (const name of checkpoint.names) {
    if (expected.has(name) || COMPUTED.test(name) || (config.tiedEmbeddings && name === HEAD)) continue;
    throw new UserError(
      `${checkpoint.path}: tensor '${name}' has no place in a ${config.family} decoder as config.json describes it`,
    );
  }
}
