import type { ModelConfig } from '../config/model-config.js';
import { EMBEDDING, HEAD } from '../config/weight-shapes.js';
import type { Checkpoint } from './checkpoint.js';

/** Rows that are compared at a time. */
const ROWS = 1024;

/**
 * The config with its head untied, where a checkpoint holds a head that differs from the embeddings, although its config ties them: the
 * head that was stored is used, as in transformers.
 */
export async function withStoredHead(checkpoint: Checkpoint, config: ModelConfig): Promise<ModelConfig> {
  if (!config.tiedEmbeddings || !checkpoint.shapeOf(HEAD)) return config;
  if (await sameValues(checkpoint, HEAD, EMBEDDING)) return config;
  return { ...config, tiedEmbeddings: false, json: { ...config.json, tie_word_embeddings: false } };
}

async function sameValues(checkpoint: Checkpoint, a: string, b: string): Promise<boolean> {
  const shape = checkpoint.shapeOf(a);
  if (shape?.join() !== checkpoint.shapeOf(b)?.join()) return false;
  const [rows] = shape as [number];
  for (let first = 0; first < rows; first += ROWS) {
    const part = { first, count: Math.min(ROWS, rows - first) };
    const [one, other] = [await checkpoint.readFloats(a, part), await checkpoint.readFloats(b, part)];
    if (!one.data.every((value, i) => value === other.data[i])) return false;
  }
  return true;
}
