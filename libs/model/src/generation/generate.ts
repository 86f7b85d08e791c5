import { parseOptions, UserError } from '@gmoe/core';
import { gatherRows, HostTensor, tf, type Engine, type RandomKey } from '@gmoe/tensor';
import { z } from 'zod';
import type { ModelConfig } from '../config/model-config.js';
import { decoderLogits, type DecoderHooks, type Weights } from '../decoder/decoder.js';
import type { FixedAdapter } from './fixed-adapter.js';
import { drawToken, likeliestToken } from './sampling.js';
import { cacheHolds, decodeStep, prefill, writeSlot, type KvCache } from '../decoder/kv-cache.js';

export const generateOptionsSchema = z.strictObject({
  maxTokens: z.int().min(1).default(128).describe('Tokens to generate at most'),
  temperature: z.number().min(0).default(0).describe('0: always the likeliest token; 1: the model distribution'),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('With a temperature: draw among the likeliest tokens of this probability together; 1: among all'),
  stopIds: z.array(z.int().min(0)).default([]).describe('Token ids that end the text; they are not returned'),
});

export type GenerateOptions = z.input<typeof generateOptionsSchema>;

/** A decoder with its weights, and what an adapter adds to them. */
export interface GenerationModel {
  readonly config: ModelConfig;
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly adapter?: FixedAdapter;
}

/** Writes text token by token. Owns compiled programs: `dispose` it. */
export interface Generator {
  /**
   * Continues a prompt.
   * @param key random stream, needed for a temperature above 0; token i is drawn from `key.fold(i)`
   * @param onToken told each new id as it comes
   * @returns the new ids
   * @throws UserError if the prompt is empty or leaves no room in the model's positions
   */
  generate(
    promptIds: ArrayLike<number>,
    options?: GenerateOptions,
    key?: RandomKey,
    onToken?: (id: number) => void,
  ): Promise<number[]>;
  dispose(): Promise<void>;
}

/** Prompt and cache lengths are rounded up to multiples of this, so that few shapes are compiled. */
const GRANULE = 64;

interface Frozen {
  readonly weights: Weights;
  readonly adapter: Record<string, tf.Tensor>;
}

/** A generator with a static-length key-value cache: one program for prompts, one for single tokens. */
export function createGenerator(engine: Engine, model: GenerationModel): Generator {
  const { config, adapter } = model;
  const frozen = { weights: model.weights, adapter: adapter?.tensors ?? {} };
  const hooksOf = (tensors: Frozen['adapter'], mask_T: tf.Tensor1D): DecoderHooks =>
    adapter?.bind(tensors, mask_T) ?? {};

  /** Prefill programs by number of cache slots. */
  const prefills = new Map<number, ReturnType<typeof compilePrefill>>();
  const compilePrefill = (slots: number) =>
    engine.jit(
      ({ weights, adapter: extra }: Frozen, ids_1S: tf.Tensor2D, segments_1S: tf.Tensor2D, last_1: tf.Tensor1D) => {
        const mask_T = tf.cast(segments_1S, 'float32').reshape<tf.Tensor1D>([ids_1S.shape[1]]);
        const pass = prefill(config, weights, ids_1S, segments_1S, slots, hooksOf(extra, mask_T));
        const hidden_1D = gatherRows(pass.hidden_TD, last_1);
        return { logits_1V: decoderLogits(config, weights, hidden_1D), cache: pass.cache };
      },
      { name: `prefill-${slots}`, frozen },
    );
  const step = engine.jit(
    ({ weights, adapter: extra }: Frozen, cache: KvCache, ids_1: tf.Tensor1D, slot_1: tf.Tensor1D) => {
      const hooks = hooksOf(extra, tf.ones([1]));
      const pass = decodeStep(config, weights, cache, ids_1, slot_1, hooks);
      return { logits_1V: decoderLogits(config, weights, pass.hidden_TD), fresh: pass.fresh };
    },
    { name: 'decode-step', frozen },
  );

  return {
    async generate(promptIds, options = {}, key, onToken) {
      const { maxTokens, temperature, topP, stopIds } = parseOptions(generateOptionsSchema, options, 'generate');
      if (temperature > 0 && !key) throw new UserError(`generate: temperature: ${temperature} needs a random key`);
      checkPrompt(promptIds, config);
      const count = promptIds.length;
      const end = Math.min(count + maxTokens, config.maxPositions);
      const slots = roundUp(end);
      let program = prefills.get(slots);
      if (!program) {
        program = compilePrefill(slots);
        prefills.set(slots, program);
      }
      let pass = await program(...promptTensors(promptIds));
      let { logits_1V } = pass;
      const written: number[] = [];
      for (let slot = count; ; slot++) {
        const logits = logits_1V.data as Float32Array;
        const id =
          temperature === 0 ? likeliestToken(logits) : drawToken(logits, temperature, key!.fold(written.length), topP);
        if (stopIds.includes(id)) break;
        written.push(id);
        onToken?.(id);
        if (slot + 1 >= end) break;
        if (cacheHolds(config, slot, slot + 1)) {
          const next = await step(pass.cache, HostTensor.int([id]), HostTensor.int([slot]));
          writeSlot(pass.cache, next.fresh, [slot]);
          ({ logits_1V } = next);
        } else {
          pass = await program(...promptTensors([...Array.from(promptIds), ...written]));
          ({ logits_1V } = pass);
        }
      }
      return written;
    },
    async dispose() {
      await step.dispose();
      for (const program of prefills.values()) await program.dispose();
      prefills.clear();
    },
  };
}

function checkPrompt(promptIds: ArrayLike<number>, { maxPositions, vocabSize }: ModelConfig): void {
  if (promptIds.length === 0) throw new UserError('generate: the prompt is empty; begin with text or the BOS token');
  if (promptIds.length >= maxPositions) {
    throw new UserError(
      `generate: the prompt has ${promptIds.length} tokens, the model takes up to ${maxPositions - 1}`,
    );
  }
  const bad = Array.from(promptIds).find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad !== undefined) throw new UserError(`generate: token id ${bad} is not in 0..${vocabSize - 1}`);
}

function promptTensors(promptIds: ArrayLike<number>): [ids: HostTensor, segments: HostTensor, last: HostTensor] {
  const length = roundUp(promptIds.length);
  const ids = new Int32Array(length);
  ids.set(Array.from(promptIds));
  const segments = new Int32Array(length).fill(1, 0, promptIds.length);
  return [
    HostTensor.int(ids, [1, length]),
    HostTensor.int(segments, [1, length]),
    HostTensor.int([promptIds.length - 1]),
  ];
}

const roundUp = (length: number): number => Math.ceil(length / GRANULE) * GRANULE;
