/**
 * A training step of the bench from the real libs, and the same step as files for `step_torch.py`: a decoder with LoRA on
 * q, k, v, o and a mixture of LoRA experts on the FFN, graph router, Poisson and Normal coordination in the paper's form.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES } from '@gmoe/adapters-core';
import { loraSchema, scalingFactor } from '@gmoe/adapters-lora';
import { createMoeLora, mixtureSchema } from '@gmoe/adapters-moe-lora';
import { normalCoordination } from '@gmoe/coordination-normal';
import { poissonCoordination } from '@gmoe/coordination-poisson';
import { families } from '@gmoe/families';
import { initWeights, parseModelConfig, sitePath, weightShapes, writeSafetensors, type ModelConfig } from '@gmoe/model';
import { topKSelector } from '@gmoe/routers-core';
import { adamW } from '@gmoe/optimizers';
import { graphRouter } from '@gmoe/routers-graph';
import { HostTensor, RandomKey, sizeOf } from '@gmoe/tensor';
import { trainableAdapter, type TrainableModel, type TrainingBatch } from '@gmoe/training';

export interface StepSize {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly ffnSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabSize: number;
  readonly experts: number;
  readonly rank: number;
  readonly topK: number;
  readonly graphWidth: number;
  readonly rows: number;
  readonly length: number;
  /** Supervised positions of a batch. */
  readonly supervised: number;
  readonly batches: number;
  /** The head is the embedding. */
  readonly tied?: boolean;
  /** Weights from a fast stream: a hundred million normal draws take half a minute. */
  readonly fastWeights?: boolean;
}

/** ENGINE.md's size: a 4-layer decoder of width 256. */
export const BENCH_SIZE: StepSize = {
  layers: 4,
  hiddenSize: 256,
  ffnSize: 704,
  heads: 4,
  kvHeads: 4,
  vocabSize: 4096,
  experts: 8,
  rank: 8,
  topK: 2,
  graphWidth: 64,
  rows: 8,
  length: 128,
  supervised: 1024,
  batches: 4,
};

/** The shape of SmolLM2-135M: ENGINE.md's size of a real language model. */
export const SMOLLM2_SIZE: StepSize = {
  ...BENCH_SIZE,
  layers: 30,
  hiddenSize: 576,
  ffnSize: 1536,
  heads: 9,
  kvHeads: 3,
  vocabSize: 49_152,
  supervised: 64,
  batches: 2,
  tied: true,
  fastWeights: true,
};

/** Small enough for tfjs's cpu backend. */
export const PARITY_SIZE: StepSize = {
  layers: 2,
  hiddenSize: 32,
  ffnSize: 48,
  heads: 4,
  kvHeads: 2,
  vocabSize: 64,
  experts: 4,
  rank: 4,
  topK: 2,
  graphWidth: 16,
  rows: 2,
  length: 24,
  supervised: 12,
  batches: 5,
};

const optimizerOptions = adamW.options.parse({ learningRate: 2e-3 });
export const optimizer = adamW.create(optimizerOptions);
const LAMBDA = 1.5;
const SIGMA_FLOOR = 1e-3;

const poissonOptions = poissonCoordination.options.parse({}) as { coefficient: number };
const normalOptions = normalCoordination.options.parse({ sigmaFloor: SIGMA_FLOOR }) as { coefficient: number };

export interface BenchStep {
  readonly size: StepSize;
  readonly model: TrainableModel;
  readonly batches: readonly TrainingBatch[];
}

/** The step with random weights; B of LoRA is not zero, so that every gradient is at work from the first step. */
export function createBenchStep(size: StepSize): BenchStep {
  const key = RandomKey.fromSeed(1);
  const config = parseModelConfig(
    {
      model_type: 'llama',
      vocab_size: size.vocabSize,
      hidden_size: size.hiddenSize,
      intermediate_size: size.ffnSize,
      num_hidden_layers: size.layers,
      num_attention_heads: size.heads,
      num_key_value_heads: size.kvHeads,
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      tie_word_embeddings: size.tied ?? false,
      hidden_act: 'silu',
    },
    families,
  );
  const lora = loraSchema.parse({ rank: size.rank, alpha: 2 * size.rank });
  const mixture = mixtureSchema.parse({
    experts: size.experts,
    rank: size.rank,
    alpha: 2 * size.rank,
    selector: { id: 'top-k', k: size.topK },
  });
  const adapter = createMoeLora({
    config,
    lora,
    mixture,
    router: graphRouter.create({ width: size.graphWidth, density: 0.5 }),
    selector: topKSelector.create({ k: size.topK }),
    coordination: [poissonCoordination.create(poissonOptions), normalCoordination.create(normalOptions)],
  });
  const weights = size.fastWeights ? fastWeights(config) : initWeights(config, key.fold('weights'), 0.06);
  const start = adapter.init(key.fold('adapter'), weights);
  const trainable = Object.fromEntries(
    Object.entries(start.trainable).map(([name, tensor]) => [
      name,
      name.endsWith('lora_B.weight') ? key.fold(name).normal(tensor.shape, 0, 0.05) : tensor,
    ]),
  );
  const model = trainableAdapter(weights, adapter, key, { start: { ...start, trainable } });
  return {
    size,
    model,
    batches: Array.from({ length: size.batches }, (_, i) => randomBatch(size, key.fold('batch').fold(i))),
  };
}

/** Uniform weights of the same deviation as `initWeights`, from a linear congruential stream. */
function fastWeights(config: ModelConfig): Record<string, HostTensor> {
  let word = 1;
  return Object.fromEntries(
    [...weightShapes(config)].map(([name, shape]) => {
      if (name.endsWith('norm.weight')) return [name, HostTensor.full(shape, 1)];
      const residual = /(?:o|down)_proj\.weight$/.test(name) ? Math.sqrt(2 * config.layers) : 1;
      const bound = (0.06 * Math.sqrt(3)) / residual;
      const data = new Float32Array(sizeOf(shape));
      for (let i = 0; i < data.length; i++) {
        word = (Math.imul(word, 1664525) + 1013904223) | 0;
        data[i] = (word / 2 ** 31) * bound;
      }
      return [name, new HostTensor(data, shape)];
    }),
  );
}

/** Two segments and a little padding in each row, random tokens. */
function randomBatch({ rows, length, vocabSize, supervised }: StepSize, key: RandomKey): TrainingBatch {
  const padding = 2;
  const half = Math.floor((length - padding) / 2);
  const segmentOf = (s: number) => (s < half ? 1 : s < length - padding ? 2 : 0);
  const ids = Int32Array.from(key.fold('ids').words(rows * length), (word) => word % vocabSize);
  const column = (i: number) => i % length;
  const real = Array.from({ length: rows * length }, (_, i) => i).filter((i) => segmentOf(column(i)) > 0);
  const chosen = [...key.fold('supervised').permutation(real.length)].slice(0, supervised).map((i) => real[i]!);
  const slots = Array.from({ length: supervised }, (_, n) => chosen[n] ?? 0);
  return {
    ids_BS: new HostTensor(ids, [rows, length]),
    positions_BS: HostTensor.int(
      Array.from(ids, (_, i) => (segmentOf(column(i)) === 2 ? column(i) - half : column(i) < half ? column(i) : 0)),
      [rows, length],
    ),
    segments_BS: HostTensor.int(
      Array.from(ids, (_, i) => segmentOf(column(i))),
      [rows, length],
    ),
    supervised_N: HostTensor.int(slots),
    targets_N: HostTensor.int(Array.from(key.fold('targets').words(supervised), (word) => word % vocabSize)),
    weights_N: HostTensor.float(slots.map((_, n) => (n < chosen.length ? 1 : 0))),
  };
}

/** Writes `step.safetensors` and `step.json` for `step_torch.py`. */
export async function exportBenchStep({ size, model, batches }: BenchStep, folder: string): Promise<void> {
  const tensors: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(model.frozen.weights)) tensors[`base.${name}`] = tensor;
  const { trainable } = model.initial;
  for (let layer = 0; layer < size.layers; layer++) {
    for (const site of ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const) {
      const path = sitePath({ layer, name: site });
      tensors[`param.lora.${layer}.${site}.A`] = trainable[NAMES.loraA(path)]!;
      tensors[`param.lora.${layer}.${site}.B`] = trainable[NAMES.loraB(path)]!;
    }
    for (const site of ['gate_proj', 'up_proj', 'down_proj'] as const) {
      const path = NAMES.experts(layer, site);
      tensors[`param.moe.${layer}.${site}.A`] = trainable[NAMES.loraA(path)]!;
      tensors[`param.moe.${layer}.${site}.B`] = trainable[NAMES.loraB(path)]!;
    }
    const prefix = NAMES.router(layer);
    for (const [ours, theirs] of Object.entries({
      'token.weight': 'Wm',
      'struct.weight': 'Ws',
      'proj.weight': 'Wp',
      'conv.0.weight': 'conv.0',
      'conv.1.weight': 'conv.1',
    })) {
      tensors[`param.router.${layer}.${theirs}`] = trainable[prefix + ours]!;
    }
    tensors[`frozen.router.${layer}.X`] = model.frozen.adapter[`${prefix}features`]!;
    tensors[`frozen.router.${layer}.adjacency`] = model.frozen.adapter[`${prefix}adjacency`]!;
  }
  tensors['param.lambda'] = trainable[`${NAMES.coordination('poisson')}lambda`]!;
  tensors['param.sigma'] = trainable[`${NAMES.coordination('normal')}sigma`]!;
  batches.forEach((batch, s) => {
    const names = {
      ids: batch.ids_BS,
      positions: batch.positions_BS,
      segments: batch.segments_BS,
      supervised: batch.supervised_N,
      targets: batch.targets_N,
      weights: batch.weights_N,
    };
    for (const [name, tensor] of Object.entries(names)) tensors[`batch.${s}.${name}`] = tensor;
  });
  const scaling = scalingFactor({ alpha: 2 * size.rank, rank: size.rank, scaling: 'standard' });
  const lambdaFloor = LAMBDA - Math.log1p(Math.exp(tensors['param.lambda'].data[0]!));
  const config = {
    ...size,
    headWidth: size.hiddenSize / size.heads,
    keyValueHeads: size.kvHeads,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    loraScaling: scaling,
    mixtureScaling: scaling,
    mixtureRank: size.rank,
    router: 'graph',
    gcnLayers: 2,
    optimizer: optimizerOptions,
    lambdaFloor: Math.max(0, Math.round(lambdaFloor * 1e5) / 1e5),
    sigmaFloor: SIGMA_FLOOR,
    poisson: poissonOptions.coefficient,
    normal: normalOptions.coefficient,
  };
  mkdirSync(folder, { recursive: true });
  await writeSafetensors(join(folder, 'step.safetensors'), tensors);
  writeFileSync(join(folder, 'step.json'), `${JSON.stringify(config, null, 2)}\n`);
}
