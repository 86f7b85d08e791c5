import { dirname, join } from 'node:path';
import { UserError } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { z } from 'zod';
import type { ModelConfig } from '../config/model-config.js';
import { countParameters, HEAD, weightShapes } from '../config/weight-shapes.js';
import { parseModelConfig, type ModelFamily } from '../family/model-family.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { withRows } from '../tokenizer/with-rows.js';
import { readJsonFile } from './json-file.js';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { copiesFolder, float32Copy } from './float32-copy.js';
import { int8CopiesFolder, int8Copy, int8InMemory } from './int8-copy.js';
import { stopIdsOf } from './stop-ids.js';
import { withStoredHead } from './tied-head.js';
import { storedShapes, unfused } from './fused-weights.js';

/** A language model in host memory. */
export interface LoadedModel {
  readonly config: ModelConfig;
  /** By Hugging Face name; see `weightShapes`. float32, or int8 matrices as `int8Copy` has them. */
  readonly weights: Record<string, HostTensor>;
  readonly tokenizer: Tokenizer;
}

/** Tensors that some checkpoints carry and the decoder computes itself. */
const COMPUTED = /\.rotary_emb\.inv_freq$/;

/**
 * Reads `config.json` of a model folder.
 * @param families those that its `model_type` may name
 * @throws UserError if it is missing or names something unknown
 */
export async function loadModelConfig(dir: string, families: readonly ModelFamily[]): Promise<ModelConfig> {
  const path = join(dir, 'config.json');
  const json = await readJsonFile(path, z.unknown());
  if (json === undefined) throw new UserError(`${path}: no such file; a model folder needs its config.json`);
  return parseModelConfig(json, families, path);
}

/** Float32 size from which weights stay in files, where processes can share them. */
const MAP_FROM_BYTES = 64 << 20;

/** How the matrices of the linear layers are held: as float32, or as int8 with a scale by output channel. */
export const STORED_WEIGHTS = ['float32', 'int8'] as const;
export type StoredWeights = (typeof STORED_WEIGHTS)[number];

export interface LoadWeightsOptions {
  /** Default float32. */
  readonly weights?: StoredWeights;
  /** Bytes of float32 weights from which they stay in a file; default 64 MiB. */
  readonly mapFrom?: number;
  /** Where copies of checkpoints are kept, in float32 or int8; default `copiesFolder()`, `int8CopiesFolder()`. */
  readonly copies?: string;
}

/**
 * The weights of a model folder, checked value by value: as float32, or the linear layers' matrices as int8 (`int8Copy`).
 *
 * A small model is read into memory. A large one stays in its file, which ONNX Runtime maps: it is paged in as it is used,
 * and all processes of a machine share one copy. 16-bit checkpoints are widened once into a float32 copy in the cache
 * folder, and that is mapped, and int8 weights are made once in the same way; where the copy cannot be kept, the weights are read into memory.
 *
 * @throws UserError on a missing, surplus, misshapen, truncated or non-finite tensor, and where a head is stored that differs from the
 *   embeddings, to which the config ties it
 */
export async function loadWeights(
  dir: string,
  config: ModelConfig,
  options: LoadWeightsOptions = {},
): Promise<Record<string, HostTensor>> {
  const checkpoint = await openCheckpoint(dir);
  try {
    if ((await withStoredHead(checkpoint, config)) !== config) {
      throw new UserError(
        `${checkpoint.path}: tensor '${HEAD}' differs from the embeddings, to which the config ties it (tie_word_embeddings)`,
      );
    }
    return await readWeights(checkpoint, config, options);
  } finally {
    await checkpoint.close();
  }
}

async function readWeights(
  checkpoint: Checkpoint,
  config: ModelConfig,
  { weights, mapFrom = MAP_FROM_BYTES, copies }: LoadWeightsOptions,
): Promise<Record<string, HostTensor>> {
  const shapes = weightShapes(config);
  checkTensors(checkpoint, config);
  const tensors = unfused(checkpoint, config);
  const isSmall = 4 * countParameters(config) < mapFrom;
  if (weights === 'int8') {
    const copy = isSmall ? undefined : await int8Copy(tensors, config, copies ?? findable(int8CopiesFolder));
    return copy ?? (await int8InMemory(tensors, config));
  }
  if (isSmall) return await collect(shapes, tensors.readFloats);
  const mapped = await collectMapped(shapes, tensors);
  if (mapped) return mapped;
  const copy = await float32Copy(tensors, shapes, copies ?? findable(copiesFolder));
  if (!copy) return await collect(shapes, tensors.readFloats);
  try {
    return (await collectMapped(shapes, copy)) ?? (await collect(shapes, (name) => copy.read(name)));
  } finally {
    await copy.close();
  }
}

/** Undefined where there is no such folder: for a user without a home. */
function findable(folder: () => string): string | undefined {
  try {
    return folder();
  } catch {
    return undefined;
  }
}

type Shapes = ReadonlyMap<string, readonly number[]>;

async function collect(
  shapes: Shapes,
  read: (name: string) => Promise<HostTensor>,
): Promise<Record<string, HostTensor>> {
  const weights: Record<string, HostTensor> = {};
  for (const name of shapes.keys()) weights[name] = await read(name);
  return weights;
}

/** Undefined if one of the tensors is not stored as float32 in one folder. */
async function collectMapped(
  shapes: Shapes,
  from: Pick<Checkpoint, 'map'>,
): Promise<Record<string, HostTensor> | undefined> {
  const weights: Record<string, HostTensor> = {};
  let folder: string | undefined;
  for (const name of shapes.keys()) {
    const tensor = await from.map(name);
    if (!tensor || dirname(tensor.file!.path) !== (folder ??= dirname(tensor.file!.path))) return undefined;
    weights[name] = tensor;
  }
  return weights;
}

/**
 * Reads a model folder in Hugging Face layout. A head that is stored and differs from the embeddings is used, whatever the config ties.
 * @throws UserError as its parts
 */
export async function loadModel(
  dir: string,
  families: readonly ModelFamily[],
  options: LoadWeightsOptions = {},
): Promise<LoadedModel> {
  const written = await loadModelConfig(dir, families);
  const tokenizer = withRows(await loadTokenizer(dir), written.vocabSize, dir);
  const checkpoint = await openCheckpoint(dir);
  try {
    const config = await withStoredHead(checkpoint, written);
    const stopIds = await stopIdsOf(dir, config, tokenizer);
    return { config, weights: await readWeights(checkpoint, config, options), tokenizer: { ...tokenizer, stopIds } };
  } finally {
    await checkpoint.close();
  }
}

/** Checks names and shapes before anything is read. */
function checkTensors(checkpoint: Checkpoint, config: ModelConfig): void {
  const expected = storedShapes(config);
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
