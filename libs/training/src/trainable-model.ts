import { adaptedWeights, type Adapter, type BoundAdapter, type StepPass } from '@gmoe/adapters-core';
import type { DecoderOptions, ModelConfig } from '@gmoe/model';
import { FlatLayout, type HostTensor, type RandomKey, type tf } from '@gmoe/tensor';

type Named<T> = Readonly<Record<string, T>>;

/** What no step changes, as a program's first argument. */
export interface FrozenTensors<T = tf.Tensor> {
  readonly weights: Named<T>;
  readonly adapter: Named<T>;
}

/** The weights and hooks of one forward pass. */
export interface ModelPass {
  readonly weights: Named<tf.Tensor>;
  /** Absent in full-parameter training. */
  readonly adapter?: BoundAdapter;
}

export interface PassOptions {
  readonly tokenMask_T: tf.Tensor1D;
  readonly segments_BS?: tf.Tensor2D;
  readonly domains_BS?: tf.Tensor2D | undefined;
  readonly training: boolean;
  readonly randomInputs: Named<tf.Tensor>;
  /** Where the pass is one of several of an optimizer step. */
  readonly step?: StepPass;
}

/** What is trained: an adapter on a frozen model, or the model itself. */
export interface TrainableModel {
  readonly config: ModelConfig;
  readonly adapter?: Adapter;
  readonly decoder?: DecoderOptions;
  /** The trained tensors in the flat parameter vector. */
  readonly layout: FlatLayout;
  readonly frozen: FrozenTensors<HostTensor>;
  readonly initial: {
    readonly trainable: Named<HostTensor>;
    /** Carried from step to step without gradient and saved with the model: router biases, accumulated counts. */
    readonly buffers: Named<HostTensor>;
  };
  readonly warnings: readonly string[];
  /** Random tensors of an optimizer step over this many tokens, which are the first axis of each. */
  randomInputs(key: RandomKey, tokens: number): Named<HostTensor>;
  pass(frozen: FrozenTensors, trainable: Named<tf.Tensor>, buffers: Named<tf.Tensor>, options: PassOptions): ModelPass;
}

const layoutOf = (tensors: Named<HostTensor>): FlatLayout =>
  new FlatLayout(Object.entries(tensors).map(([name, { shape }]) => [name, shape] as const));

export interface TrainableAdapterOptions {
  /** Replaces the adapter's drawn tensors: an adapter that was loaded. */
  readonly start?: ReturnType<Adapter['init']>;
  readonly decoder?: DecoderOptions;
}

/** Trains an adapter; the base weights stay as they are. */
export function trainableAdapter(
  weights: Named<HostTensor>,
  adapter: Adapter,
  key: RandomKey,
  { start = adapter.init(key, weights), decoder = {} }: TrainableAdapterOptions = {},
): TrainableModel {
  return {
    config: adapter.config,
    adapter,
    decoder,
    layout: layoutOf(start.trainable),
    frozen: { weights, adapter: start.frozen },
    initial: { trainable: start.trainable, buffers: start.state },
    warnings: start.warnings,
    randomInputs: (stepKey, tokens) => adapter.randomInputs?.(stepKey, tokens) ?? {},
    pass: (frozen, trainable, state, pass) => ({
      weights: adaptedWeights(adapter, frozen.weights, trainable),
      adapter: adapter.bind({ trainable, frozen: frozen.adapter, state }, pass),
    }),
  };
}

/** Trains every weight of the model, e.g. pretraining; a tied head gets the gradient of both of its uses. */
export function trainableDecoder(config: ModelConfig, weights: Named<HostTensor>): TrainableModel {
  return {
    config,
    layout: layoutOf(weights),
    frozen: { weights: {}, adapter: {} },
    initial: { trainable: weights, buffers: {} },
    warnings: [],
    randomInputs: () => ({}),
    pass: (_, trainable) => ({ weights: trainable }),
  };
}
