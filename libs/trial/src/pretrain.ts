import {
  createTokenizer,
  decoderHidden,
  decoderLogits,
  initWeights,
  parseModelConfig,
  trainBpe,
  type ModelConfig,
  type ModelFamily,
  type Tokenizer,
} from '@gmoe/model';
import type { ComponentRegistry } from '@gmoe/core';
import { heldOutBatches, languageModelBatches, pretrainingText } from '@gmoe/datasets';
import { optimizerKind } from '@gmoe/optimizers';
import { checkSchedule, scheduleKind } from '@gmoe/schedules';
import { crossEntropy, RandomKey, type Engine, type HostTensor, type tf } from '@gmoe/tensor';
import { trainableDecoder, train, type TrainingEvent, type TrainResult } from '@gmoe/training';
import type { PretrainRecipe } from './pretrain-recipe.js';

const SEPARATOR = '<|endoftext|>';

export interface PretrainSettings {
  readonly recipe: PretrainRecipe;
  readonly engine: Engine;
  /** With Llama among them: what is trained is one. */
  readonly families: readonly ModelFamily[];
  readonly checkpoint: { readonly folder: string; readonly identity: string };
  readonly components: ComponentRegistry;
  /** Stops after this many steps in all, as if the run had been that long so far; a later call goes on from its checkpoint. */
  readonly stopAfter?: number;
  readonly signal?: AbortSignal;
}

/** A base model made from scratch. */
export interface PretrainedModel {
  readonly config: ModelConfig;
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly tokenizer: Tokenizer;
  /** Held-out text, by the last weights. */
  readonly bitsPerCharacter: number;
  readonly bitsPerToken: number;
  readonly trainedTokens: number;
  readonly corpus: { readonly documents: number; readonly characters: number; readonly tokens: number };
  readonly steps: number;
  readonly stopped: TrainResult['stopped'];
}

/**
 * Trains a tokenizer and every weight of a small decoder on the bundled corpus. Yields training events; evaluations give
 * `eval/bits_per_character` on documents that training never sees.
 */
export async function* pretrain(settings: PretrainSettings): AsyncGenerator<TrainingEvent, PretrainedModel> {
  const { recipe, engine, components } = settings;
  const { training } = recipe;
  const schedule = components.build(scheduleKind, recipe.schedule);
  checkSchedule(schedule, training.steps);
  const key = RandomKey.fromSeed(recipe.seed);
  const text = pretrainingText();
  const tokenizer = createTokenizer(
    trainBpe(text.train, { vocabSize: recipe.tokenizer.vocabSize, specialTokens: [SEPARATOR] }),
    { bos_token: SEPARATOR, eos_token: SEPARATOR, add_bos_token: true },
  );
  const separatorId = tokenizer.bosId!;
  const config = modelConfig(settings, tokenizer.vocabSize, separatorId);
  const documents = await tokenizer.encodeAll(text.train);
  const heldOut = await tokenizer.encodeAll(text.heldOut);
  const corpusTokens = documents.reduce((sum, document) => sum + document.length, 0);
  const shape = { batchSize: training.batchSize, sequenceLength: training.sequenceLength, separatorId };

  const trainable = trainableDecoder(config, initWeights(config, key.fold('weights')));
  const evaluation = heldOutLoss(engine, config);
  // Characters that the evaluated tokens stand for: the share of the held-out text that fills whole batches.
  const heldOutTokens = heldOut.reduce((sum, document) => sum + document.length + 1, 0);
  const heldOutCharacters = text.heldOut.reduce((sum, document) => sum + document.length + 1, 0);
  const bitsPerCharacter = (bitsPerToken: number) => (bitsPerToken * heldOutTokens) / heldOutCharacters;
  const evaluate = async (weights: Readonly<Record<string, HostTensor>>) => {
    let nats = 0;
    let tokens = 0;
    for (const { ids_BS, positions_BS, segments_BS, targets_N } of heldOutBatches(heldOut, shape)) {
      nats += (await evaluation(weights, { ids_BS, positions_BS, segments_BS }, targets_N)).nats.item();
      tokens += targets_N.size;
    }
    return nats / tokens / Math.LN2;
  };

  try {
    const result = yield* train({
      engine,
      model: trainable,
      optimizer: components.build(optimizerKind, recipe.optimizer),
      schedule,
      loop: {
        accumulate: 1,
        evalEvery: training.evalEvery,
        best: { metric: 'eval/bits_per_character', mode: 'min' },
        patience: null,
        checkpointEvery: training.checkpointEvery,
        routingEvery: training.steps,
      },
      steps: training.steps,
      ...(settings.stopAfter === undefined ? {} : { stopAfter: settings.stopAfter }),
      batches: (skip) => languageModelBatches(documents, shape, key.fold('data'), skip),
      key: key.fold('training'),
      evaluate: async ({ trainable }) => {
        const bits = await evaluate(trainable);
        return { 'eval/bits_per_token': bits, 'eval/bits_per_character': bitsPerCharacter(bits) };
      },
      checkpoint: settings.checkpoint,
      ...(settings.signal ? { signal: settings.signal } : {}),
    });
    const weights = result.last.trainable;
    const bits = await evaluate(weights);
    return {
      config,
      weights,
      tokenizer,
      bitsPerToken: bits,
      bitsPerCharacter: bitsPerCharacter(bits),
      trainedTokens: result.steps * training.batchSize * training.sequenceLength,
      corpus: {
        documents: documents.length,
        characters: text.train.reduce((sum, document) => sum + document.length, 0),
        tokens: corpusTokens,
      },
      steps: result.steps,
      stopped: result.stopped,
    };
  } finally {
    await evaluation.dispose();
  }
}

function modelConfig(
  { recipe: { model }, families }: PretrainSettings,
  vocabSize: number,
  separatorId: number,
): ModelConfig {
  return parseModelConfig(
    {
      model_type: 'llama',
      architectures: ['LlamaForCausalLM'],
      vocab_size: vocabSize,
      hidden_size: model.hiddenSize,
      intermediate_size: model.ffnSize,
      num_hidden_layers: model.layers,
      num_attention_heads: model.heads,
      num_key_value_heads: model.kvHeads,
      max_position_embeddings: model.maxPositions,
      rope_theta: model.ropeBase,
      rms_norm_eps: model.normEpsilon,
      tie_word_embeddings: true,
      hidden_act: 'silu',
      bos_token_id: separatorId,
      eos_token_id: separatorId,
    },
    families,
  );
}

/** Sum of the next-token losses of a batch, nats. */
function heldOutLoss(engine: Engine, config: ModelConfig) {
  return engine.jit(
    (
      _: object,
      weights: Readonly<Record<string, tf.Tensor>>,
      batch: { ids_BS: tf.Tensor2D; positions_BS: tf.Tensor2D; segments_BS: tf.Tensor2D },
      targets_N: tf.Tensor1D,
    ) => ({
      nats: crossEntropy(
        decoderLogits(config, weights, decoderHidden(config, weights, batch)),
        targets_N,
      ).sum() as tf.Scalar,
    }),
    { name: 'held-out-loss', frozen: {} },
  );
}
