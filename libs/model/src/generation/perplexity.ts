import { parseOptions, UserError } from '@gmoe/core';
import { crossEntropy, HostTensor, tf, type Engine } from '@gmoe/tensor';
import { z } from 'zod';
import { decoderHidden, decoderLogits, type DecoderBatch, type Weights } from '../decoder/decoder.js';
import type { LoadedModel } from '../checkpoint/load-model.js';
import type { FixedAdapter } from './fixed-adapter.js';

export const perplexityOptionsSchema = z.strictObject({
  sequenceLength: z.int().min(2).default(512).describe('Tokens that a prediction can look back on, at most; S'),
  stride: z.int().min(1).optional().describe('Tokens scored per pass; default half of sequenceLength'),
});

export type PerplexityOptions = z.input<typeof perplexityOptionsSchema>;

/** How well a model predicts a text. */
export interface Perplexity {
  /** Predicted tokens; the first token is not, where the tokenizer puts no BOS before it. */
  readonly tokens: number;
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  /** Unicode code points of the text. */
  readonly characters: number;
  /** Sum of -log2 p over the predicted tokens. */
  readonly bits: number;
  readonly bitsPerToken: number;
  readonly bitsPerByte: number;
  readonly bitsPerCharacter: number;
  /** `2 ^ bitsPerToken` */
  readonly perplexity: number;
  /** S, longest window, tokens; after the model's own limit. */
  readonly sequenceLength: number;
  /** Tokens scored per window. */
  readonly stride: number;
}

/** A model to score with, adapted or not. */
export type ScoredModel = LoadedModel & { readonly adapter?: FixedAdapter };

interface Frozen {
  readonly weights: Weights;
  readonly adapter: Record<string, tf.Tensor>;
}

/**
 * Bits that a model needs for a text, by sliding windows: each pass scores `stride` tokens, which see at least
 * `sequenceLength - stride` tokens before them where the text has them. BOS stands first if the tokenizer puts it there.
 *
 * @throws UserError on a bad option or a text of less than two tokens
 */
export async function perplexity(
  engine: Engine,
  { config, weights, tokenizer, adapter }: ScoredModel,
  text: string,
  options: PerplexityOptions = {},
): Promise<Perplexity> {
  const parsed = parseOptions(perplexityOptionsSchema, options, 'perplexity');
  const length = Math.min(parsed.sequenceLength, config.maxPositions);
  const stride = parsed.stride ?? Math.max(1, Math.floor(length / 2));
  if (stride >= length) throw new UserError(`perplexity: stride: ${stride} must be below sequenceLength ${length}`);
  const encoded = await tokenizer.encode(text);
  const { startIds } = tokenizer;
  const isStarted = startIds.every((id, i) => encoded[i] === id);
  const ids = isStarted ? encoded : Int32Array.from([...startIds, ...encoded]);
  if (ids.length < 2) throw new UserError('perplexity: the text has less than two tokens, nothing is predicted');

  const program = engine.jit(
    (frozen: Frozen, batch: DecoderBatch, rows_N: tf.Tensor1D, targets_N: tf.Tensor1D) => {
      const mask_T = tf.cast(batch.segments_BS, 'float32').reshape<tf.Tensor1D>([length]);
      const hooks = adapter?.bind(frozen.adapter, mask_T) ?? {};
      const hidden_ND = decoderHidden(config, frozen.weights, batch, hooks, { rows_N });
      return { nats_N: crossEntropy(decoderLogits(config, frozen.weights, hidden_ND), targets_N) };
    },
    { name: 'perplexity', frozen: { weights, adapter: adapter?.tensors ?? {} } },
  );
  let nats = 0;
  try {
    for (let first = 1; first < ids.length; first += stride) {
      const end = Math.min(first + stride, ids.length);
      const start = Math.max(0, end - 1 - length);
      const { batch, rows_N, targets_N } = window(ids, start, first, end, length, stride);
      const { nats_N } = await program(batch, rows_N, targets_N);
      for (let i = 0; i < end - first; i++) nats += nats_N.data[i]!;
    }
  } finally {
    await program.dispose();
  }
  const tokens = ids.length - 1;
  const bits = nats / Math.LN2;
  const bytes = Buffer.byteLength(text);
  const characters = text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
  return {
    tokens,
    bytes,
    characters,
    bits,
    bitsPerToken: bits / tokens,
    bitsPerByte: bits / bytes,
    bitsPerCharacter: bits / characters,
    perplexity: 2 ** (bits / tokens),
    sequenceLength: length,
    stride,
  };
}

/** Tokens start..end-2 as context, and as targets tokens first..end-1; unused slots are row 0 with target 0. */
function window(ids: Int32Array, start: number, first: number, end: number, length: number, stride: number) {
  const tokens = ids.subarray(start, end - 1);
  const pad = (values: ArrayLike<number>, size: number): Int32Array => {
    const out = new Int32Array(size);
    out.set(values);
    return out;
  };
  const index = Int32Array.from(tokens, (_, i) => i);
  return {
    batch: {
      ids_BS: HostTensor.int(pad(tokens, length), [1, length]),
      positions_BS: HostTensor.int(pad(index, length), [1, length]),
      segments_BS: HostTensor.int(
        pad(
          index.map(() => 1),
          length,
        ),
        [1, length],
      ),
    },
    rows_N: HostTensor.int(pad(index.subarray(first - 1 - start), stride)),
    targets_N: HostTensor.int(pad(ids.subarray(first, end), stride)),
  };
}
