import type { HostTensor, tf } from '@gmoe/tensor';

/** What a rule has beside gradient and state. */
export interface UpdateInputs {
  /** The parameters before the step. [N] */
  readonly params_N: tf.Tensor1D;
  /** A scalar, or [N] where groups of parameters differ. */
  readonly learningRate: tf.Tensor;
  /** What `UpdateRule.scalars` gave for this step. */
  readonly scalars: Readonly<Record<string, tf.Scalar>>;
}

/**
 * A pair of pure functions over one flat vector of parameters, as optax's `GradientTransformation`: `init` makes the state,
 * `update` maps gradient and state to what is taken from the parameters and the next state. Clipping, weight decay and groups
 * of parameters are put around it (`composeOptimizer`); state vectors are saved in checkpoints by their names.
 */
export interface UpdateRule {
  /** State at the start: named vectors [N]. */
  init(params_N: HostTensor): Readonly<Record<string, HostTensor>>;
  /** Numbers of step t (1-based) that want double precision, e.g. bias corrections. */
  scalars?(step: number): Readonly<Record<string, number>>;
  /** `update_N` has the learning rate in it: `params <- params - update`. The state keeps names and shapes. */
  update(
    gradient_N: tf.Tensor1D,
    state: Readonly<Record<string, tf.Tensor1D>>,
    inputs: UpdateInputs,
  ): { readonly update_N: tf.Tensor1D; readonly state: Record<string, tf.Tensor1D> };
}
