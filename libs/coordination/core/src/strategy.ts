import { componentKind } from '@gmoe/core';
import type { Schedule } from '@gmoe/schedules';
import type { HostTensor, tf } from '@gmoe/tensor';

export type Tensors = Readonly<Record<string, tf.Tensor>>;
export type HostTensors = Readonly<Record<string, HostTensor>>;

/** What one mixture layer's routing did in a forward pass. */
export interface LayerRouting {
  readonly logits_TE: tf.Tensor2D;
  /** Routing probabilities over all experts, before selection. */
  readonly probs_TE: tf.Tensor2D;
  /** 1 where the expert is used; no gradient. */
  readonly mask_TE: tf.Tensor2D;
  /** 1 where the token was sent, also to an expert without room for it; absent where it equals `mask_TE`. */
  readonly assigned_TE?: tf.Tensor2D;
  /** Mixture weights after selection (renormalised), 0 where not selected. */
  readonly gates_TE: tf.Tensor2D;
  /** The router's linear map, of routers that have one. [E, D] */
  readonly map_ED?: tf.Tensor2D;
  /** How sparse each token's choice was told to be, of selectors that learn it. [T] */
  readonly sparsity_T?: tf.Tensor1D;
  /**
   * Inner products of the experts' outputs at each token, before the mixture weights, one for each linear layer that the routing
   * serves; of adapters that tell them, and only where a strategy needs them. Each [T, E, E]
   */
  readonly outputProducts?: readonly tf.Tensor3D[];
}

/** What a strategy reads that not every router, selector or adapter gives: the fields of `LayerRouting` of these names. */
export type RoutingExtra = 'map_ED' | 'sparsity_T' | 'outputProducts';

/** Which domain the example of each token belongs to. */
export interface TokenDomains {
  readonly names: readonly string[];
  /** 1 + the place of the domain in `names`; 0 for other domains, for examples without one, and for padding. [B, S] int32 */
  readonly ids_BS: tf.Tensor2D;
}

/** The routing of one forward pass over all mixture layers; experts per layer may differ. */
export interface CoordinationContext {
  readonly layers: readonly LayerRouting[];
  /** 1 for real tokens, 0 for padding. [T] */
  readonly tokenMask_T: tf.Tensor1D;
  /**
   * Which example a token belongs to: tokens of one row with the same number are one sequence, 0 is padding; T = B S, row after row.
   * Absent: all tokens are one sequence. [B, S] int32
   */
  readonly segments_BS?: tf.Tensor2D;
  /** What examples are about, in training, where a strategy names domains. */
  readonly domains?: TokenDomains | undefined;
  /** Adds a sum over this pass's tokens up over the batches of the optimizer step; absent where the pass is the whole step. */
  readonly stepSum?: ((sum: tf.Tensor) => tf.Tensor) | undefined;
}

/** What a strategy is built for. */
export interface CoordinationSpec {
  /** E of each mixture layer, first layer first. */
  readonly expertsPerLayer: readonly number[];
  /** K, experts per token. */
  readonly topK: number;
}

export interface CoordinationInit {
  /** Learned with the adapter: lambda, sigma. */
  readonly trainable: HostTensors;
  /** Carried from step to step without gradient: accumulated expert counts. */
  readonly state: HostTensors;
}

export interface CoordinationResult {
  /** The loss, not yet multiplied by its coefficient; mean over layers. Scalar. */
  readonly loss: tf.Scalar;
  /** Values to log beside it, e.g. `lambda.0`. Scalars. */
  readonly metrics: Tensors;
  /** State after this pass (same names as in `init`). Callers keep it only after training passes. */
  readonly state: Tensors;
}

/**
 * An auxiliary loss over the routing of all layers: Poisson distinction, Normal balance, load balance, z-loss.
 *
 * A step of several accumulated batches is one of a large batch: whatever the loss sums over tokens goes through `stepSum`,
 * and what is no sum over tokens is made from such sums.
 */
export interface CoordinationStrategy {
  readonly id: string;
  /** Weight of this loss in the total; with a schedule its highest. */
  readonly coefficient: number;
  /** How the coefficient changes over the run; absent: it stays. */
  readonly schedule?: Schedule;
  /** Fields of `LayerRouting` that it cannot do without. */
  readonly needs?: RoutingExtra;
  /** Domains of the training data that it tells apart, by name; `CoordinationContext.domains` says which tokens belong to them. */
  readonly domains?: readonly string[];
  init(spec: CoordinationSpec): CoordinationInit;
  /** Parameters of the loss in its own terms, one value a layer, e.g. `lambda`; absent if it has none. */
  values?(params: { readonly trainable: HostTensors; readonly state: HostTensors }): Record<string, number[]>;
  loss(
    params: { readonly trainable: Tensors; readonly state: Tensors },
    context: CoordinationContext,
    spec: CoordinationSpec,
  ): CoordinationResult;
}

/** Its options include `coefficientOptions`. */
export const coordinationKind = componentKind<CoordinationStrategy>('coordination', 'coordination strategy');
