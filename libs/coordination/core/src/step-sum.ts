import { customGradient, type tf } from '@gmoe/tensor';
import type { CoordinationContext, CoordinationResult } from './strategy.js';

/**
 * A sum over this pass's tokens, added up over all batches of the optimizer step, as `psum` adds up over replicas: the value is
 * the step's, the gradient flows to this pass's tokens. It must not be made from another step sum.
 */
export function stepSum<X extends tf.Tensor>(sum: X, { stepSum: add }: Pick<CoordinationContext, 'stepSum'>): X {
  return add ? (add(sum) as X) : sum;
}

type Evaluate = (context: CoordinationContext) => CoordinationResult;

/** The sums that a loss takes to the step, of this pass alone, in the order in which it takes them. */
export function passSums(loss: Evaluate, context: CoordinationContext): tf.Tensor[] {
  const sums: tf.Tensor[] = [];
  loss({ ...context, stepSum: (sum) => (sums.push(sum), sum) });
  return sums;
}

/** What a pass of one of several batches knows of the whole step. */
export interface StepTotals {
  /** What `passSums` gave, added up over the batches. */
  readonly sums: readonly tf.Tensor[];
  /** Batches of the step. */
  readonly batches: tf.Scalar;
}

/**
 * A loss of the whole step in one of its passes. Every pass gives the same value; the gradients of `loss / batches` of all passes
 * add up to that of the loss: what goes through tokens has this pass's part, times `batches`; what does not (lambda, sigma
 * themselves) has all of it, in each pass.
 */
export function lossOfStep(
  loss: Evaluate,
  context: CoordinationContext,
  { sums, batches }: StepTotals,
): CoordinationResult {
  let next = 0;
  return loss({ ...context, stepSum: (sum) => withTotal(sum, sums[next++]!, batches) });
}

function withTotal(sum: tf.Tensor, total: tf.Tensor, batches: tf.Scalar): tf.Tensor {
  return customGradient(sum, (_, save) => {
    save([batches]);
    return { value: total.clone(), gradFunc: (dy, [count]) => dy.mul(count!) };
  });
}
