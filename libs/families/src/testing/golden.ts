import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModelConfig, loadWeights, type DecoderBatch } from '@gmoe/model';
import { HostTensor, type HostOf } from '@gmoe/tensor';
import { families } from '../index.js';

/** What tools/goldens/families.py wrote for one model. */
export interface Expected {
  /** What is special about it. */
  readonly label: string;
  readonly ids: number[];
  /** All logits of the first tokens. */
  readonly short: number[];
  /** Logits of the last positions of all tokens. */
  readonly long: number[];
  /** Mean next-token cross-entropy of the first tokens, with its gradient's norm in every stored tensor. */
  readonly loss: number;
  readonly gradientNorms: Record<string, number>;
  /** Greedy continuation of the first tokens, without a cache. */
  readonly greedy: number[];
}

export const GOLDENS = fileURLToPath(new URL('../goldens', import.meta.url));

export async function loadGolden(name: string) {
  const dir = join(GOLDENS, name);
  const config = await loadModelConfig(dir, families);
  const expected = JSON.parse(await readFile(join(dir, 'expected.json'), 'utf8')) as Expected;
  return { config, weights: await loadWeights(dir, config), expected };
}

/** One example in one row. */
export function batchOf(ids: readonly number[]): HostOf<DecoderBatch> {
  const row = (data: readonly number[]) => HostTensor.int(data, [1, ids.length]);
  return { ids_BS: row(ids), positions_BS: row(ids.map((_, i) => i)), segments_BS: row(ids.map(() => 1)) };
}
