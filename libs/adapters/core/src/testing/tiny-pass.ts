import { decoderHidden, decoderLogits, initWeights, type DecoderBatch, type ModelConfig } from '@gmoe/model';
import type { Tensors } from '@gmoe/routers-core';
import { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import { adaptedWeights, type Adapter } from '../adapter.js';

/** A decoder of two layers, with biases on q, k, v. */
export const tinyConfig: ModelConfig = {
  family: 'qwen2',
  vocabSize: 11,
  hiddenSize: 8,
  ffnSize: 6,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  normEpsilon: 1e-6,
  rope: { base: 10_000 },
  maxPositions: 32,
  qkNorm: false,
  tiedEmbeddings: false,
  qkvBias: true,
  outputBias: false,
  ffnBias: false,
};

const key = RandomKey.fromSeed(5);
/** Biases, which start at zero, are drawn too. */
export const tinyWeights = Object.fromEntries(
  Object.entries(initWeights(tinyConfig, key.fold('weights'), 0.4)).map(([name, tensor]) => [
    name,
    name.endsWith('.bias') ? key.fold(name).normal(tensor.shape, 0, 0.3) : tensor,
  ]),
);

const ROWS = 2;
export const LENGTH = 5;
/** Real tokens of a row come first, then padding. */
export const REAL = 4;
export const TOKENS = ROWS * LENGTH;

const grid = (of: (t: number) => number): HostTensor =>
  HostTensor.int(
    Array.from({ length: TOKENS }, (_, t) => of(t)),
    [ROWS, LENGTH],
  );

/** @param padding the token that stands in padding */
export function tinyBatch(padding = 0) {
  const ids = key.fold('ids').words(TOKENS);
  const isReal = (t: number): boolean => t % LENGTH < REAL;
  return {
    ids_BS: grid((t) => (isReal(t) ? ids[t]! % tinyConfig.vocabSize : padding)),
    positions_BS: grid((t) => t % LENGTH),
    segments_BS: grid((t) => Number(isReal(t))),
  };
}

export interface TinyFrozen<T = tf.Tensor> {
  readonly weights: Readonly<Record<string, T>>;
  readonly adapter: Readonly<Record<string, T>>;
}

/** Logits of all tokens, `sum(logits r)` and its gradients by every trainable tensor. */
export const tinyProgram =
  (adapter: Adapter, training = true) =>
  (
    frozen: TinyFrozen,
    trainable: Tensors,
    state: Tensors,
    randomInputs: Tensors,
    batch: DecoderBatch,
    r_TV: tf.Tensor2D,
  ) => {
    const tokenMask_T = batch.segments_BS.reshape([TOKENS]).cast('float32') as tf.Tensor1D;
    const { config } = adapter;
    const logitsOf = (params: Tensors): tf.Tensor2D => {
      const bound = adapter.bind(
        { trainable: params, frozen: frozen.adapter, state },
        { tokenMask_T, training, randomInputs },
      );
      const weights = adaptedWeights(adapter, frozen.weights, params);
      return decoderLogits(config, weights, decoderHidden(config, weights, batch, bound.hooks));
    };
    // Padding's logits are nobody's, and may depend on what stands there.
    const real_TV = r_TV.mul<tf.Tensor2D>(tokenMask_T.expandDims(1));
    const names = Object.keys(trainable);
    const loss = (...values: tf.Tensor[]) =>
      logitsOf(Object.fromEntries(names.map((name, i) => [name, values[i]!])))
        .mul(real_TV)
        .sum<tf.Scalar>();
    if (names.length === 0) return { logits: logitsOf({}), loss: loss(), gradients: {} as Record<string, tf.Tensor> };
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => trainable[name]!));
    return {
      logits: logitsOf(trainable),
      loss: value as tf.Scalar,
      gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])),
    };
  };

/** The weights r of the loss. [T, V] */
export const tinyObjective = key.fold('r').normal([TOKENS, tinyConfig.vocabSize]);
