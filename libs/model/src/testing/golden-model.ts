import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HostTensor, type HostOf } from '@gmoe/tensor';
import { loadModelConfig, loadWeights } from '../checkpoint/load-model.js';
import type { ModelConfig } from '../config/model-config.js';
import { testFamilies } from './test-families.js';
import type { DecoderBatch } from '../decoder/decoder.js';

export const GOLDEN_MODELS = ['llama', 'llama3-rope', 'qwen2', 'qwen3', 'mistral'] as const;

/** What tools/goldens/hf_logits.py wrote for one model and one sequence. */
export interface GoldenModel {
  readonly config: ModelConfig;
  readonly weights: Record<string, HostTensor>;
  readonly ids: number[];
  /** [S, V], flat. */
  readonly logits: number[];
  /** Mean next-token cross-entropy, nats. */
  readonly loss: number;
  readonly gradientNorms: Record<string, number>;
}

export function testingPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

export async function loadGoldenModel(name: string): Promise<GoldenModel> {
  const dir = testingPath(name);
  const config = await loadModelConfig(dir, testFamilies);
  const weights = await loadWeights(dir, config);
  return { config, weights, ...JSON.parse(await readFile(`${dir}/expected.json`, 'utf8')) };
}

/** Examples packed one after the other into one row of `length` tokens; the rest is padding. */
export function packRow(examples: readonly (readonly number[])[], length: number): HostOf<DecoderBatch> {
  const ids = new Int32Array(length);
  const positions = new Int32Array(length);
  const segments = new Int32Array(length);
  let at = 0;
  examples.forEach((example, i) =>
    example.forEach((id, position) => {
      ids[at] = id;
      positions[at] = position;
      segments[at++] = i + 1;
    }),
  );
  const row = (data: Int32Array): HostTensor => new HostTensor(data, [1, length]);
  return { ids_BS: row(ids), positions_BS: row(positions), segments_BS: row(segments) };
}

/** The largest |a - b| relative to the largest |b|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    // NaN must not pass as a small error.
    difference = Math.max(difference, Number.isFinite(actual[i]!) ? Math.abs(actual[i]! - expected[i]!) : Infinity);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}
