import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '@gmoe/core';
import { HostTensor, sizeOf } from '@gmoe/tensor';
import { saveModel } from '../checkpoint/save-model.js';
import type { LoadedModel } from '../checkpoint/load-model.js';
import type { ModelConfig, SiteName } from '../config/model-config.js';
import { EMBEDDING, FINAL_NORM, HEAD, layerPath, sitePath } from '../config/weight-shapes.js';
import { parseModelConfig, type ModelFamily } from '../family/model-family.js';
import { readSentencePieceModel, sentencePieceTokenizer, type Piece } from './sentencepiece.js';

const HEADER_INTS = 7;
const BYTE_PIECE = /^<0x[0-9A-F]{2}>$/;

/**
 * Converts a llama2.c checkpoint (version 0 layout) to a folder in Hugging Face layout. q and k rows are reordered from
 * interleaved to half-split rotary pairs, so that scores stay the same.
 *
 * @param tokenizerPath llama2.c's `.bin`, or a SentencePiece `.model`
 * @param families with Llama among them
 * @returns the model as written to `outDir`
 * @throws UserError if a file is missing, malformed or of another size than its header says
 */
export async function convertLlama2c(
  modelPath: string,
  tokenizerPath: string,
  outDir: string,
  families: readonly ModelFamily[],
): Promise<LoadedModel> {
  const { config, weights } = readLlama2c(await readFileOrFail(modelPath), modelPath, families);
  const pieces = tokenizerPath.endsWith('.model')
    ? await readSentencePieceModel(tokenizerPath)
    : readTokenizerBin(await readFileOrFail(tokenizerPath), config.vocabSize, tokenizerPath);
  if (pieces.length !== config.vocabSize) {
    throw new UserError(`${tokenizerPath}: has ${pieces.length} pieces, the model's vocabulary ${config.vocabSize}`);
  }
  const model = { config, weights, tokenizer: sentencePieceTokenizer(pieces, tokenizerPath) };
  await saveModel(outDir, model);
  return model;
}

/** Parses a version 0 checkpoint. Source: karpathy/llama2.c `export.py`, `legacy_export`. */
export function readLlama2c(
  bytes: Uint8Array,
  where: string,
  families: readonly ModelFamily[],
): { config: ModelConfig; weights: LoadedModel['weights'] } {
  if (bytes.length < HEADER_INTS * 4) throw new UserError(`${where}: ${bytes.length} bytes are too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [dim, hidden, layers, heads, kvHeads, signedVocab, positions] = Array.from({ length: HEADER_INTS }, (_, i) =>
    view.getInt32(i * 4, true),
  ) as [number, number, number, number, number, number, number];
  // A negative vocabulary marks a head of its own.
  const tied = signedVocab > 0;
  const config = parseModelConfig(
    {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      vocab_size: Math.abs(signedVocab),
      hidden_size: dim,
      intermediate_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: kvHeads,
      rms_norm_eps: 1e-5,
      max_position_embeddings: positions,
      tie_word_embeddings: tied,
      bos_token_id: 1,
      eos_token_id: 2,
    },
    families,
    `${where}: header (not a llama2.c checkpoint?)`,
  );
  const { headSize, vocabSize } = config;
  const kvDim = kvHeads * headSize;
  const skipped = positions * headSize; // freq_cis_real and freq_cis_imag
  const matrices = vocabSize * dim * (tied ? 1 : 2) + layers * (2 * dim * dim + 2 * kvDim * dim + 3 * hidden * dim);
  const expected = 4 * (HEADER_INTS + matrices + (2 * layers + 1) * dim + skipped);
  if (bytes.length !== expected) {
    throw new UserError(`${where}: has ${bytes.length} bytes, its header asks for ${expected} (truncated?)`);
  }

  let offset = HEADER_INTS * 4;
  const take = (shape: readonly number[]): HostTensor => {
    const data = new Float32Array(sizeOf(shape));
    new Uint8Array(data.buffer).set(bytes.subarray(offset, offset + data.byteLength));
    offset += data.byteLength;
    return new HostTensor(data, shape);
  };
  const weights: Record<string, HostTensor> = {};
  const perLayer = (nameOf: (layer: number) => string, shape: readonly number[]): void => {
    for (let layer = 0; layer < layers; layer++) weights[nameOf(layer)] = take(shape);
  };
  const site = (name: SiteName) => (layer: number) => `${sitePath({ layer, name })}.weight`;
  weights[EMBEDDING] = take([vocabSize, dim]);
  perLayer((layer) => `${layerPath(layer, 'input_layernorm')}.weight`, [dim]);
  perLayer(site('q_proj'), [dim, dim]);
  perLayer(site('k_proj'), [kvDim, dim]);
  perLayer(site('v_proj'), [kvDim, dim]);
  perLayer(site('o_proj'), [dim, dim]);
  perLayer((layer) => `${layerPath(layer, 'post_attention_layernorm')}.weight`, [dim]);
  perLayer(site('gate_proj'), [hidden, dim]);
  perLayer(site('down_proj'), [dim, hidden]);
  perLayer(site('up_proj'), [hidden, dim]);
  weights[`${FINAL_NORM}.weight`] = take([dim]);
  offset += skipped * 4;
  if (!tied) weights[HEAD] = take([vocabSize, dim]);

  for (let layer = 0; layer < layers; layer++) {
    for (const name of ['q_proj', 'k_proj'] as const) {
      weights[site(name)(layer)] = halfSplitRows(weights[site(name)(layer)]!, headSize);
    }
  }
  for (const [name, { data }] of Object.entries(weights)) {
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new UserError(`${where}: tensor '${name}' holds ${data[bad]} at element ${bad}`);
  }
  return { config, weights };
}

/** Within each head, rows 0, 2, 4, ... come first, then 1, 3, 5, ... */
function halfSplitRows({ data, shape }: HostTensor, headSize: number): HostTensor {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headSize;
    const from = row - inHead + (inHead < headSize / 2 ? 2 * inHead : 2 * inHead - headSize + 1);
    out.set((data as Float32Array).subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return new HostTensor(out, shape);
}

/** llama2.c's own tokenizer file: int32 longest piece, then for each piece float32 score, int32 bytes, UTF-8. */
function readTokenizerBin(bytes: Uint8Array, vocabSize: number, where: string): Piece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Piece[] = [];
  let offset = 4;
  for (let id = 0; id < vocabSize; id++) {
    const length = offset + 8 <= bytes.length ? view.getInt32(offset + 4, true) : -1;
    if (length < 0 || offset + 8 + length > bytes.length) {
      throw new UserError(`${where}: ends in piece ${id} of ${vocabSize}: not this model's tokenizer`);
    }
    const text = Buffer.from(bytes.subarray(offset + 8, offset + 8 + length)).toString('utf8');
    const score = view.getFloat32(offset, true);
    if (id === 0) pieces.push({ text: '<unk>', score, kind: 'unknown' });
    else if (id === 1 || id === 2) pieces.push({ text: id === 1 ? '<s>' : '</s>', score, kind: 'control' });
    else if (BYTE_PIECE.test(text)) pieces.push({ text, score, kind: 'byte' });
    // llama2.c stores pieces as they print: ▁ is a space again.
    else pieces.push({ text: text.replaceAll(' ', '▁'), score, kind: 'normal' });
    offset += 8 + length;
  }
  if (offset !== bytes.length) throw new UserError(`${where}: has ${bytes.length - offset} bytes after its last piece`);
  return pieces;
}

async function readFileOrFail(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
}
