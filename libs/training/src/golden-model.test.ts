import { NAMES } from '@gmoe/adapters-moe-lora';
import type { CoordinationStrategy } from '@gmoe/coordination-core';
import { sitePath, type ModelConfig } from '@gmoe/model';
import { createEngine, HostTensor, RandomKey } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { optimizerSchema } from './options.js';
import { createStepper, type HostStepState, type TrainingBatch } from './stepper.js';
import { haveGoldens, readGolden, relativeToMax } from './testing/goldens.js';
import {
  attentionSources,
  gather,
  layerSources,
  referenceAdapter,
  type ReferenceConfig,
  type Source,
} from './testing/reference-adapter.js';
import { graphRouter, linearRouter, loadBalance, normal, poisson } from './testing/reference-method.js';
import { adapterTrainee } from './trainee.js';

interface Golden extends ReferenceConfig {
  V: number;
  d: number;
  heads: number;
  kv_heads: number;
  ffn: number;
  layers: number;
  rms_eps: number;
  rope_theta: number;
  lr: number;
  weight_decay: number;
  betas: [number, number];
  eps: number;
  steps: {
    lm_loss: number;
    aux_loss: number;
    total: number;
    count: number[][];
    lamb: number[];
    theta: number[];
    grad_norm_total?: number;
  }[];
}

const silent = (strategy: CoordinationStrategy): CoordinationStrategy => ({ ...strategy, coefficient: 0 });
const GRAPH = ['mlp.weight', 'mlp_struct.weight', 'proj.weight', 'convs.0.lin.weight', 'convs.1.lin.weight'];

const VARIANTS: {
  name: string;
  graph: boolean;
  coordination: CoordinationStrategy[];
  tolerance: number;
  gradients: number;
}[] = [
  { name: 'goe', graph: true, coordination: [poisson, normal], tolerance: 5e-6, gradients: 2e-5 },
  { name: 'mixtral', graph: false, coordination: [loadBalance], tolerance: 5e-6, gradients: 2e-5 },
  { name: 'mixtral_goe', graph: false, coordination: [poisson, normal], tolerance: 5e-6, gradients: 2e-5 },
  {
    name: 'goe_mixtral',
    graph: true,
    coordination: [loadBalance, silent(poisson), silent(normal)],
    tolerance: 5e-6,
    gradients: 2e-5,
  },
  // Router weights of magnitude 35 (gain 100): float32 rounding of their products, README of the goldens.
  { name: 'goe_shipped_init', graph: true, coordination: [poisson, normal], tolerance: 3e-5, gradients: 1e-4 },
];

describe.runIf(haveGoldens)("three AdamW steps equal the authors' trainer (goldens e)", () => {
  const cases = VARIANTS.flatMap((variant) =>
    (['compiled', 'eager'] as const).map((engine) => ({ ...variant, engine })),
  );

  it.each(cases)('$name, $engine: losses, gradient norms, counts, gradients, final parameters', async (variant) => {
    const { tensors, json } = readGolden<Golden>(`e_model_${variant.name}`);
    const { config, weights } = base(json, tensors);
    const adapter = referenceAdapter(
      config,
      json,
      variant.graph ? graphRouter(2) : linearRouter,
      variant.coordination,
      true,
    );
    const sources = sourcesOf(json, tensors, variant.graph);
    const frozen = variant.graph
      ? Object.fromEntries(
          Array.from({ length: json.layers }, (_, l) => [
            [`${NAMES.router(l)}X`, tensors[`base.${l}.X`] ?? tensors[`init.mixlora.layers.${l}.gate.X`]!],
            [`${NAMES.router(l)}adj_norm`, tensors[`adj_norm.${l}`]!],
          ]).flat(),
        )
      : {};
    const start = adapter.init(RandomKey.fromSeed(0));
    const trainable = Object.fromEntries(sources.map((source) => [source.ours, gather(source, tensors, 'init.')]));
    const trainee = adapterTrainee(config, weights, adapter, RandomKey.fromSeed(0), {
      start: { ...start, trainable, frozen },
      decoder: { padding: 'tokens' },
    });
    const optimizer = optimizerSchema.parse({
      learningRate: json.lr,
      weightDecay: json.weight_decay,
      betas: json.betas,
      epsilon: json.eps,
    });

    const engine = await createEngine({ engine: variant.engine, device: 'cpu' });
    const stepper = createStepper(engine, trainee, optimizer);
    let state: HostStepState = stepper.initial();
    for (const [i, want] of json.steps.slice(0, 3).entries()) {
      const out = await stepper.run(state, [everyToken(tensors['tokens']!, i)], i + 1, json.lr, RandomKey.fromSeed(1));
      state = out.state;
      const { report } = out;
      expect(Math.abs(report.lmLoss / want.lm_loss - 1)).toBeLessThan(1e-5);
      expect(Math.abs(report.loss / want.total - 1)).toBeLessThan(1e-5);
      expect(Math.abs(report.gradientNorm / want.grad_norm_total! - 1)).toBeLessThan(1e-5);
      const counted = variant.coordination.some(({ id }) => id === 'normal');
      if (counted) {
        want.count.forEach((count, l) => {
          const got = state.carried[`coordination.normal.count.${l}`]!;
          expect(relativeToMax(got.data, count)).toBeLessThan(1e-5);
        });
      }
      if (i === 0) {
        // After one step from zero, the first moment is (1 - beta1) times the gradient.
        const moments = trainee.layout.unpack(state.optimizer.firstMoment_N);
        for (const source of sources) {
          const gradient = gather(source, tensors, 'grad1.');
          const got = moments[source.ours]!.data.map((value) => value / (1 - json.betas[0]));
          expect(relativeToMax(got, gradient.data), `gradient of ${source.ours}`).toBeLessThan(variant.gradients);
        }
      }
    }
    const final = trainee.layout.unpack(state.optimizer.params_N);
    for (const source of sources) {
      const want = gather(source, tensors, 'final.');
      const worst = Math.max(...Array.from(want.data, (value, i) => Math.abs(value - final[source.ours]!.data[i]!)));
      expect(worst, source.ours).toBeLessThan(variant.tolerance);
    }
    // The fourth forward, on the first tokens again.
    const after = await stepper.run(state, [everyToken(tensors['tokens']!, 0)], 4, json.lr, RandomKey.fromSeed(1));
    expect(Math.abs(after.report.loss / json.steps[3]!.total - 1)).toBeLessThan(1e-5);
    await engine.dispose();
  });
});

function base(json: Golden, tensors: Record<string, HostTensor>) {
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
    ropeBase: json.rope_theta,
    maxPositions: 64,
    tiedEmbeddings: false,
    qkvBias: false,
    outputBias: false,
    ffnBias: false,
    qkNorm: false,
  };
  const weights: Record<string, HostTensor> = {
    'model.embed_tokens.weight': tensors['base.embed']!,
    'model.norm.weight': tensors['base.norm']!,
    'lm_head.weight': tensors['base.lm_head']!,
  };
  const sites = {
    q_proj: 'q_proj',
    k_proj: 'k_proj',
    v_proj: 'v_proj',
    o_proj: 'o_proj',
    gate_proj: 'w1_proj',
    down_proj: 'w2_proj',
    up_proj: 'w3_proj',
  } as const;
  for (let layer = 0; layer < json.layers; layer++) {
    weights[`model.layers.${layer}.input_layernorm.weight`] = tensors[`base.${layer}.ln1`]!;
    weights[`model.layers.${layer}.post_attention_layernorm.weight`] = tensors[`base.${layer}.ln2`]!;
    for (const [ours, theirs] of Object.entries(sites)) {
      weights[`${sitePath({ layer, name: ours as keyof typeof sites })}.weight`] = tensors[`base.${layer}.${theirs}`]!;
    }
  }
  return { config, weights };
}

function sourcesOf(json: Golden, tensors: Record<string, HostTensor>, graph: boolean): Source[] {
  return Array.from({ length: json.layers }, (_, layer) => {
    const prefix = `mixlora.layers.${layer}.`;
    const learned = [
      { ours: `${NAMES.coordination('poisson')}lambda.${layer}`, theirs: [`${prefix}gate.lamb`], axis: 0 as const },
      { ours: `${NAMES.coordination('normal')}sigma.${layer}`, theirs: [`${prefix}gate.theta`], axis: 0 as const },
    ].filter(({ theirs }) => tensors[`init.${theirs[0]}`]);
    return [
      ...attentionSources(layer, prefix),
      ...layerSources(layer, json.experts, prefix, '.weight', graph ? GRAPH : ['weight']),
      ...learned,
    ];
  }).flat();
}

/** The reference's loss: every token is a target, padding too. */
function everyToken(tokens: HostTensor, step: number): TrainingBatch {
  const [, rows, length] = tokens.shape as [number, number, number];
  const size = rows * length;
  const ids = tokens.data.subarray(step * size, (step + 1) * size);
  const supervised = Array.from({ length: size }, (_, t) => t).filter((t) => t % length < length - 1);
  return {
    ids_BS: HostTensor.int(ids, [rows, length]),
    positions_BS: HostTensor.int(
      Array.from({ length: size }, (_, t) => t % length),
      [rows, length],
    ),
    segments_BS: HostTensor.int(
      ids.map((id) => (id === 0 ? 0 : 1)),
      [rows, length],
    ),
    supervised_N: HostTensor.int(supervised),
    targets_N: HostTensor.int(supervised.map((t) => ids[t + 1]!)),
    weights_N: HostTensor.full([supervised.length], 1),
  };
}
