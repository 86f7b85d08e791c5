import { adaptedWeights, type Adapter, type BoundAdapter, type StepPass } from '@gmoe/adapters-core';
import type { DecoderOptions, ModelConfig } from '@gmoe/model';
import { FlatLayout, type HostTensor, type RandomKey, type tf } from '@gmoe/tensor';

type Named<T> = Readonly<Record<string, T>>;

/** What no step changes, as a program's first argument. */
export interface TraineeFrozen<T = tf.Tensor> {
  readonly weights: Named<T>;
  readonly adapter: Named<T>;
}

/** The weights and hooks of one forward pass. */
export interface TraineePass {
  readonly weights: Named<tf.Tensor>;
  /** Absent in full-parameter training. */
  readonly adapter?: BoundAdapter;
}

export interface PassOptions {
  readonly tokenMask_T: tf.Tensor1D;
  readonly training: boolean;
  readonly draws: Named<tf.Tensor>;
  /** Where the pass is one of several of an optimizer step. */
  readonly step?: StepPass;
}

/** What is trained: an adapter on a frozen model, or the model itself. */
export interface Trainee {
  readonly config: ModelConfig;
  readonly adapter?: Adapter;
  readonly decoder?: DecoderOptions;
  /** The trained tensors in the flat parameter vector. */
  readonly layout: FlatLayout;
  readonly frozen: TraineeFrozen<HostTensor>;
  readonly initial: {
    readonly trainable: Named<HostTensor>;
    /** Carried from step to step without gradient. */
    readonly carried: Named<HostTensor>;
  };
  readonly warnings: readonly string[];
  /** Random tensors of an optimizer step over this many tokens, which are the first axis of each. */
  draw(key: RandomKey, tokens: number): Named<HostTensor>;
  pass(
    frozen: TraineeFrozen,
    trainable: Named<tf.Tensor>,
    carried: Named<tf.Tensor>,
    options: PassOptions,
  ): TraineePass;
}

const layoutOf = (tensors: Named<HostTensor>): FlatLayout =>
  new FlatLayout(Object.entries(tensors).map(([name, { shape }]) => [name, shape] as const));

export interface AdapterTraineeOptions {
  /** Replaces the adapter's drawn tensors: an adapter that was loaded. */
  readonly start?: ReturnType<Adapter['init']>;
  readonly decoder?: DecoderOptions;
}

/** Trains an adapter; the base weights stay as they are. */
export function adapterTrainee(
  weights: Named<HostTensor>,
  adapter: Adapter,
  key: RandomKey,
  { start = adapter.init(key, weights), decoder = {} }: AdapterTraineeOptions = {},
): Trainee {
  return {
    config: adapter.config,
    adapter,
    decoder,
    layout: layoutOf(start.trainable),
    frozen: { weights, adapter: start.frozen },
    initial: { trainable: start.trainable, carried: start.state },
    warnings: start.warnings,
    draw: (stepKey, tokens) => adapter.randomInputs?.(stepKey, tokens) ?? {},
    pass: (frozen, trainable, state, { draws, ...pass }) => ({
      weights: adaptedWeights(adapter, frozen.weights, trainable),
      adapter: adapter.bind({ trainable, frozen: frozen.adapter, state }, { ...pass, randomInputs: draws }),
    }),
  };
}

/** Trains every weight of the model, e.g. pretraining; a tied head gets the gradient of both of its uses. */
export function fullTrainee(config: ModelConfig, weights: Named<HostTensor>): Trainee {
  return {
    config,
    layout: layoutOf(weights),
    frozen: { weights: {}, adapter: {} },
    initial: { trainable: weights, carried: {} },
    warnings: [],
    draw: () => ({}),
    pass: (_, trainable) => ({ weights: trainable }),
  };
}
