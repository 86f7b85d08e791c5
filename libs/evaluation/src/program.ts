import { adaptedWeights, type Adapter } from '@gmoe/adapters-core';
import { decoderHidden, decoderLogits, type ModelConfig } from '@gmoe/model';
import type { tf } from '@gmoe/tensor';
import { type HostTensor, logSoftmax, oneHot, takeAlongLast } from '@gmoe/tensor';
import { routingSums } from './routing-sums.js';

type Named<T> = Readonly<Record<string, T>>;

/** What of a tokenizer reads written answers. */
export interface AnswerDecoder {
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecial?: boolean }): string;
  /** Ends an answer. */
  readonly eosId?: number;
  /** All that end an answer, where there are several. */
  readonly stopIds?: readonly number[];
}

/** A model to evaluate: base weights, and an adapter with its fixed tensors. */
export interface EvaluatedModel {
  readonly config: ModelConfig;
  readonly weights: Named<HostTensor>;
  readonly adapter?: Adapter;
  /** The adapter's frozen tensors (`Adapter.init(...).frozen`). */
  readonly adapterFrozen?: Named<HostTensor>;
  /** Needed by scoring 'generation' alone. */
  readonly tokenizer?: AnswerDecoder;
}

/** The tensors that training changes. */
export interface EvaluatedTensors<T = HostTensor> {
  readonly trainable: Named<T>;
  readonly buffers: Named<T>;
}

export interface FrozenTensors {
  readonly weights: Named<tf.Tensor>;
  readonly adapter: Named<tf.Tensor>;
}

interface Batch {
  readonly ids_BS: tf.Tensor2D;
  readonly positions_BS: tf.Tensor2D;
  readonly segments_BS: tf.Tensor2D;
  readonly sharedSegments_BS?: tf.Tensor2D;
}

/** Hidden states at the asked rows, and the adapter of the pass. Without an adapter, `trainable` replaces base weights. */
export function forward(
  { config: base, adapter }: EvaluatedModel,
  frozen: FrozenTensors,
  { trainable, buffers }: EvaluatedTensors<tf.Tensor>,
  batch: Batch,
  rows_N: tf.Tensor1D,
) {
  const config = adapter?.config ?? base;
  const tokenMask_T = batch.segments_BS.reshape([-1]).greater(0).cast('float32') as tf.Tensor1D;
  const bound = adapter?.bind({ trainable, frozen: frozen.adapter, state: buffers }, { tokenMask_T, training: false });
  const weights = adapter ? adaptedWeights(adapter, frozen.weights, trainable) : { ...frozen.weights, ...trainable };
  const logits_NV = decoderLogits(config, weights, decoderHidden(config, weights, batch, bound?.hooks, { rows_N }));
  return { logits_NV, routing: bound?.routing?.layers(), tokenMask_T };
}

/**
 * Log-probabilities of the candidates of each query, and what each mixture layer did with the tokens.
 * @param greedy whether to tell if a query's first candidate is the likeliest of all tokens
 */
export function scoringProgram(model: EvaluatedModel, domains: number, greedy = false) {
  return (
    frozen: FrozenTensors,
    tensors: EvaluatedTensors<tf.Tensor>,
    batch: Batch & { readonly domains_BS: tf.Tensor2D },
    rows_N: tf.Tensor1D,
    candidates_NC: tf.Tensor2D,
  ) => {
    const { logits_NV, routing } = forward(model, frozen, tensors, batch, rows_N);
    // One column more, for padding and for tokens without a domain.
    const domain_TG =
      routing && domains > 0 ? (oneHot(batch.domains_BS.reshape([-1]), domains + 1) as tf.Tensor2D) : undefined;
    const logProbs_NV = logSoftmax(logits_NV);
    const logProbs_NC = takeAlongLast(logProbs_NV, candidates_NC);
    const first_N = () => logProbs_NC.slice([0, 0], [-1, 1]).reshape<tf.Tensor1D>([-1]);
    return {
      logProbs_NC,
      ...(greedy ? { likeliest_N: first_N().greaterEqual(logProbs_NV.max(1)).cast('float32') } : {}),
      routing: routing ? routingSums(routing, rows_N, domain_TG) : [],
    };
  };
}
