import { HostTensor, tf } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import type { HostTensors, Router, RouterSpec, Tensors } from '../router.js';
import type { Selector } from '../selector.js';

/** A matrix as rows of numbers. */
export function rowsOf({ data, shape }: HostTensor): number[][] {
  const width = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
}

/** A matrix on the host from rows of numbers. */
export function matrixOf(rows: readonly (readonly number[])[]): HostTensor {
  return HostTensor.float(rows.flat(), [rows.length, rows[0]!.length]);
}

const ones = (length: number) => HostTensor.float(Array.from({ length }, () => 1));

/** What a router says of tokens x [T, D], on both engines; outside of training unless told otherwise. */
export function routeOnBothEngines(
  router: Router,
  spec: RouterSpec,
  params: { readonly trainable: HostTensors; readonly frozen?: HostTensors; readonly state?: HostTensors },
  x_TD: HostTensor,
  training = false,
) {
  return onBothEngines(
    (_: object, trainable: Tensors, frozen: Tensors, state: Tensors, x: tf.Tensor2D, mask: tf.Tensor1D) => {
      const { logits_TE, probs_TE, selectionScores_TE } = router.route(
        { trainable, frozen, state },
        x,
        { tokenMask_T: mask, training },
        spec,
      );
      return { logits_TE, probs_TE, scores_TE: selectionScores_TE ?? probs_TE };
    },
    {},
    [params.trainable, params.frozen ?? {}, params.state ?? {}, x_TD, ones(x_TD.shape[0]!)],
  );
}

/** The state of a router after a step over tokens with these scores [T, E], on both engines. */
export function nextStateOnBothEngines(
  router: Router,
  spec: RouterSpec,
  state: HostTensors,
  scores_TE: HostTensor,
  load_E = ones(scores_TE.shape[1]!),
  mask_T = ones(scores_TE.shape[0]!),
) {
  return onBothEngines(
    (_: object, before: Tensors, load: tf.Tensor1D, scores: tf.Tensor2D, mask: tf.Tensor1D) =>
      router.nextState!(before, { load_E: load, scores_TE: scores, tokenMask_T: mask }, spec),
    {},
    [state, load_E, scores_TE, mask_T],
  );
}

export interface SelectionCase {
  readonly logits_TE: HostTensor;
  /** 1 for real tokens; default all. [T] */
  readonly mask_T?: HostTensor;
  /** Default true. */
  readonly training?: boolean;
  /** What the selector learns, and the features that it sees. */
  readonly trainable?: HostTensors;
  readonly x_TD?: HostTensor;
}

/** What a selector makes of logits under a softmax router, on both engines. */
export function selectOnBothEngines(
  selector: Selector,
  { logits_TE, mask_T, training = true, trainable = {}, x_TD = logits_TE }: SelectionCase,
) {
  return onBothEngines(
    (_: object, logits: tf.Tensor2D, mask: tf.Tensor1D, params: Tensors, x: tf.Tensor2D) => {
      const input = selector.init ? { trainable: params, x_TD: x } : undefined;
      const output = { logits_TE: logits, probs_TE: tf.softmax(logits) };
      const chosen = selector.select(output, { tokenMask_T: mask, training }, input);
      const { mask_TE, gates_TE, sparsity_T } = chosen;
      return { mask_TE, gates_TE, ...(sparsity_T ? { sparsity_T } : {}) };
    },
    {},
    [logits_TE, mask_T ?? ones(logits_TE.shape[0]!), trainable, x_TD],
  );
}
