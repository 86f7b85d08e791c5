import type {
  CoordinationContext,
  CoordinationSpec,
  CoordinationStrategy,
  HostTensors,
  Tensors,
} from '@gmoe/coordination-core';
import type { DecoderHooks, ModelConfig } from '@gmoe/model';
import type { RouterUsage } from '@gmoe/routers-core';
import type { HostTensor, RandomKey, tf } from '@gmoe/tensor';
import type { PeftLora } from './files/peft-config.js';

/** An adapter's tensors by name. Names are those of the file, see `NAMES`. */
export interface AdapterParams<T = tf.Tensor> {
  /** Learned by gradient: LoRA factors, router weights, learned parameters of the strategies. */
  readonly trainable: Readonly<Record<string, T>>;
  /** Fixed: expert features, adjacency. */
  readonly frozen: Readonly<Record<string, T>>;
  /** Carried from step to step without gradient: selection biases, accumulated counts. */
  readonly state: Readonly<Record<string, T>>;
}

/** Starting values. */
export interface AdapterInit extends AdapterParams<HostTensor> {
  /** Remarks on the draw, one line each. */
  readonly warnings: readonly string[];
}

/** What holds for one forward pass. */
export interface ForwardContext {
  /** 1 for real tokens, 0 for padding. [T] */
  readonly tokenMask_T: tf.Tensor1D;
  /** Which example of its row a token belongs to, 0 is padding; T = B S. Given in training, for losses over sequences. [B, S] */
  readonly segments_BS?: tf.Tensor2D;
  /** Which of `AdapterRouting.domains` a token's example belongs to (`TokenDomains`); given in training where there are any. [B, S] int32 */
  readonly domains_BS?: tf.Tensor2D | undefined;
  /** Dropout, noise and capacity apply only in training. */
  readonly training: boolean;
  /** What `Adapter.randomInputs` gave for this step; only in training. */
  readonly randomInputs?: Tensors;
  /** Where the pass is one of several of an optimizer step. */
  readonly step?: StepPass;
}

/** What a pass of one of a step's accumulated batches knows of the others. */
export interface StepPass {
  /** Real tokens of all batches. */
  readonly tokens: tf.Scalar;
  /** Tokens that earlier batches sent to each expert, layer by layer, [E] each: `BoundRouting.assigned` added up. */
  readonly assigned: readonly tf.Tensor1D[];
  /** The strategies' sums over the whole step (`BoundRouting.stepSums` added up); absent while they are collected. */
  readonly totals?: { readonly sums: StepSums; readonly batches: tf.Scalar };
}

/** What each strategy sums over tokens, by its id. */
export type StepSums = Readonly<Record<string, readonly tf.Tensor[]>>;

/** One auxiliary loss of a pass. */
export interface AuxiliaryLoss {
  readonly id: string;
  readonly coefficient: number;
  /** Not yet multiplied by the coefficient. */
  readonly loss: tf.Scalar;
}

/** What a routed adapter says after the decoder has run through its layers. */
export interface BoundRouting {
  /** What each routed layer did with the tokens. @throws Error before the decoder has run through all of them */
  layers(): CoordinationContext;
  /** Tokens sent to each expert, also to one without room for them, padding excluded, layer by layer. Each [E]. */
  assigned(): tf.Tensor1D[];
  /** What the strategies sum over tokens, of this pass alone. */
  stepSums(): StepSums;
  /** Scores of this pass's tokens that the routers' state is made from, layer by layer, [T, E] each; empty where they need none. */
  routerScores(): tf.Tensor2D[];
  /**
   * The strategies' losses over the routing of the step, values to log (`<strategy>/<name>`), and the strategies' next state. In one
   * pass of several they are the whole step's; their gradients are shares of it (`lossOfStep`).
   */
  losses(): { readonly parts: readonly AuxiliaryLoss[]; readonly metrics: Tensors; readonly state: Tensors };
  /** The routers' state after an optimizer step that was this pass alone. */
  nextRouterState(): Tensors;
}

/** An adapter with parameters, inside a program: give `hooks` to the decoder, then ask for the routing. */
export interface BoundAdapter {
  readonly hooks: DecoderHooks;
  /** Only of routed adapters. */
  readonly routing?: BoundRouting;
}

/** What an adapter's parameters say of the routing of one layer. */
export interface RoutingFacts {
  /** Which experts the router's graph joins, 0 or 1, [E][E]; absent without a graph. */
  readonly edges?: number[][];
  /** Parameters of the losses, `<strategy>/<name>`, e.g. `poisson/lambda`. */
  readonly values: Record<string, number>;
}

/** How an adapter routes, apart from any pass. */
export interface AdapterRouting {
  /** E of each routed layer and K; the first layer that the decoder meets comes first. */
  readonly spec: CoordinationSpec;
  /** Auxiliary losses over the routing. */
  readonly coordination: readonly CoordinationStrategy[];
  /** Domains of the training data that the losses tell apart, sorted. */
  readonly domains: readonly string[];
  /** Whether a step may be several accumulated batches; not where tokens of a batch are shared out among experts. */
  readonly accumulates: boolean;
  /** Whether a token's experts depend on later tokens outside of training too, so that such a model cannot generate. */
  readonly acausal: boolean;
  /** The routers' state after an optimizer step, by what happened in it, layer by layer. */
  nextRouterState(state: Tensors, usage: readonly RouterUsage[]): Tensors;
  /** Facts of each routed layer. */
  facts(params: { trainable: HostTensors; frozen: HostTensors; state: HostTensors }): RoutingFacts[];
}

/**
 * Trainable additions to a frozen decoder: LoRA, DoRA, mixtures of LoRA experts. Knows nothing of training. Pure: parameters come in,
 * hooks for the decoder go out. Every implementation passes `adapterContract`.
 */
export interface Adapter {
  /** The adapted model: the base's config but where the adapter changes it (a trained head is no longer tied). */
  readonly config: ModelConfig;
  /** Only of routed adapters. */
  readonly routing?: AdapterRouting;
  /** @param weights of the base, by Hugging Face name: DoRA starts from their norms */
  init(key: RandomKey, weights: HostTensors): AdapterInit;
  /**
   * Random tensors for one optimizer step over T tokens: dropout masks, router noise, each with the tokens as its first axis, so
   * that accumulated batches take their rows of it. Absent if nothing is random.
   */
  randomInputs?(key: RandomKey, tokens: number): HostTensors;
  bind(params: AdapterParams, context: ForwardContext): BoundAdapter;
  /** Base weights that the adapter trains as a whole (PEFT's `modules_to_save`), by their name; see `adaptedWeights`. */
  replacedWeights?<T>(base: Readonly<Record<string, T>>, trainable: Readonly<Record<string, T>>): Record<string, T>;
  /**
   * The base weights with the adapter folded in. Absent where no single weight equals it: routed mixtures.
   * @throws UserError if a tensor is missing or misshapen
   */
  merge?(base: HostTensors, params: AdapterParams<HostTensor>): Record<string, HostTensor>;
  /** Whether a frozen tensor follows from the base weights, so that files leave it out and loading makes it anew. */
  isDerived?(name: string): boolean;
  /** The adapter as PEFT writes it, where PEFT knows it: its files are then PEFT's. */
  readonly peft?: PeftLora;
}

/** The weights of a pass: the base's, with those in their place that the adapter trains as a whole. */
export function adaptedWeights<T>(
  adapter: Adapter | undefined,
  base: Readonly<Record<string, T>>,
  trainable: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  return adapter?.replacedWeights ? { ...base, ...adapter.replacedWeights(base, trainable) } : base;
}
