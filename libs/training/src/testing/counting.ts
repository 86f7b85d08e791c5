import type { ModelConfig } from '@gmoe/model';
import { HostTensor } from '@gmoe/tensor';
import type { TrainingBatch } from '../training-step.js';

/** A decoder small enough to train in milliseconds. */
export const tinyConfig: ModelConfig = {
  family: 'llama',
  vocabSize: 13,
  hiddenSize: 8,
  ffnSize: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  normEpsilon: 1e-6,
  rope: { base: 10_000 },
  maxPositions: 16,
  tiedEmbeddings: true,
  qkvBias: false,
  outputBias: false,
  ffnBias: false,
  qkNorm: false,
};

/** Two rows of eight tokens that count upwards: learnable. */
export function countingBatch(seed: number, weights?: number[]): TrainingBatch {
  const ids = [0, 1].flatMap((row) => Array.from({ length: 8 }, (_, s) => (seed + 3 * row + s) % 13));
  const rows = [0, 1].flatMap((row) => Array.from({ length: 7 }, (_, s) => row * 8 + s));
  const positions = ids.map((_, t) => t % 8);
  return {
    ids_BS: HostTensor.int(ids, [2, 8]),
    positions_BS: HostTensor.int(positions, [2, 8]),
    segments_BS: HostTensor.full([2, 8], 1, 'int32'),
    supervised_N: HostTensor.int(rows),
    targets_N: HostTensor.int(rows.map((t) => ids[t + 1]!)),
    weights_N: HostTensor.float(weights ?? rows.map(() => 1)),
  };
}
