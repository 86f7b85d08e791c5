import { crossEntropy, type Engine, type HostTensor, type tf } from '@gmoe/tensor';
import { forward, type EvaluatedModel, type EvaluatedTensors, type FrozenTensors } from './program.js';

/** A packed language-model batch, as the datasets make it. */
export interface LanguageModelBatch {
  readonly ids_BS: HostTensor;
  readonly positions_BS: HostTensor;
  readonly segments_BS: HostTensor;
  readonly supervised_N: HostTensor;
  readonly targets_N: HostTensor;
  readonly weights_N: HostTensor;
}

export interface PerplexityResult {
  /** Targets scored (sum of their weights). */
  readonly tokens: number;
  /** Sum of negative log-probabilities, nats. */
  readonly nats: number;
  /** Mean negative log-probability of a target, nats. */
  readonly loss: number;
  /** exp(loss). */
  readonly perplexity: number;
  /** loss / ln 2. */
  readonly bitsPerToken: number;
}

/** Scores language-model batches. With `per` characters or bytes: `nats / ln 2 / characters` is bits per character. */
export function createPerplexity(engine: Engine, model: EvaluatedModel) {
  const program = engine.jit(
    (
      frozen: FrozenTensors,
      tensors: EvaluatedTensors<tf.Tensor>,
      batch: { ids_BS: tf.Tensor2D; positions_BS: tf.Tensor2D; segments_BS: tf.Tensor2D },
      rows_N: tf.Tensor1D,
      targets_N: tf.Tensor1D,
      weights_N: tf.Tensor1D,
    ) => {
      const { logits_NV } = forward(model, frozen, tensors, batch, rows_N);
      return { nats: crossEntropy(logits_NV, targets_N).mul(weights_N).sum() as tf.Scalar };
    },
    { name: 'perplexity', frozen: { weights: model.weights, adapter: model.adapterFrozen ?? {} } },
  );
  return {
    async score(
      tensors: EvaluatedTensors,
      batches: AsyncIterable<LanguageModelBatch> | Iterable<LanguageModelBatch>,
    ): Promise<PerplexityResult> {
      let nats = 0;
      let tokens = 0;
      for await (const { ids_BS, positions_BS, segments_BS, supervised_N, targets_N, weights_N } of batches) {
        const grid = { ids_BS, positions_BS, segments_BS };
        nats += (await program(tensors, grid, supervised_N, targets_N, weights_N)).nats.item();
        for (const weight of weights_N.data) tokens += weight;
      }
      if (tokens === 0) throw new RangeError('there is no target to score');
      const loss = nats / tokens;
      return { tokens, nats, loss, perplexity: Math.exp(loss), bitsPerToken: loss / Math.LN2 };
    },
    dispose: () => program.dispose(),
  };
}
