import { trainBpe } from '../tokenizer/train-bpe.js';

type Value = string | number | boolean | readonly string[] | readonly number[];

export interface MadeTensor {
  /** Rows first. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** ggml's number; default 0, F32. */
  readonly type?: number;
}

const ALIGNMENT = 32;
const [UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY] = [4, 5, 6, 7, 8, 9];

/** The bytes of a GGUF file, version 3. Whole numbers become uint32, others float32. */
export function ggufBytes(
  metadata: Readonly<Record<string, Value>>,
  tensors: Readonly<Record<string, MadeTensor>>,
): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(Object.keys(tensors).length)];
  parts.push(u64(Object.keys(metadata).length));
  for (const [key, value] of Object.entries(metadata)) {
    for (const part of [text(key), ...typed(value)]) parts.push(part);
  }
  let offset = 0;
  for (const [name, { shape, data, type = 0 }] of Object.entries(tensors)) {
    const described = [text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(type), u64(offset)];
    for (const part of described) parts.push(part);
    offset += aligned(data.length);
  }
  const header = Buffer.concat(parts);
  const padded = Buffer.alloc(aligned(header.length));
  header.copy(padded);
  const body = Object.values(tensors).map(({ data }) =>
    Buffer.concat([data, Buffer.alloc(aligned(data.length) - data.length)]),
  );
  return Buffer.concat([padded, ...body]);
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function u64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function number(value: number, type: number): Buffer {
  const out = Buffer.alloc(4);
  if (type === FLOAT32) out.writeFloatLE(value);
  else out.writeInt32LE(value);
  return out;
}

function typed(value: Value): Buffer[] {
  if (typeof value === 'string') return [u32(STRING), text(value)];
  if (typeof value === 'boolean') return [u32(BOOL), Buffer.of(Number(value))];
  if (typeof value === 'number') {
    const type = Number.isInteger(value) ? UINT32 : FLOAT32;
    return [u32(type), number(value, type)];
  }
  const type = typeof value[0] === 'string' ? STRING : Number.isInteger(value[0]) ? INT32 : FLOAT32;
  const items = value.map((each) => (typeof each === 'string' ? text(each) : number(each, type)));
  return [u32(ARRAY), u32(type), u64(value.length), ...items];
}

/** Metadata and tensors of a Llama of one layer with width 8, whose weights are all a half. */
export function tinyGguf() {
  const { model } = trainBpe(['some text'], { vocabSize: 260, specialTokens: ['<s>', '</s>'] });
  const tokens = Object.entries(model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  const metadata: Record<string, Value> = {
    'general.architecture': 'llama',
    'llama.block_count': 1,
    'llama.context_length': 64,
    'llama.embedding_length': 8,
    'llama.feed_forward_length': 12,
    'llama.attention.head_count': 2,
    'llama.attention.head_count_kv': 1,
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'llama-bpe',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': tokens.map((_, id) => (id < 2 ? 3 : 1)),
    'tokenizer.ggml.merges': model.merges.map((pair) => pair.join(' ')),
    'tokenizer.ggml.bos_token_id': 0,
    'tokenizer.ggml.eos_token_id': 1,
    'tokenizer.ggml.eot_token_id': 2,
    'tokenizer.chat_template': '{{ messages }}',
  };
  const floats = (...shape: number[]): MadeTensor => ({
    shape,
    data: new Uint8Array(new Float32Array(shape.reduce((size, dim) => size * dim, 1)).fill(0.5).buffer),
  });
  const tensors: Record<string, MadeTensor> = {
    'token_embd.weight': floats(tokens.length, 8),
    'output_norm.weight': floats(8),
    'blk.0.attn_norm.weight': floats(8),
    'blk.0.attn_q.weight': floats(8, 8),
    'blk.0.attn_k.weight': floats(4, 8),
    'blk.0.attn_v.weight': floats(4, 8),
    'blk.0.attn_output.weight': floats(8, 8),
    'blk.0.ffn_norm.weight': floats(8),
    'blk.0.ffn_gate.weight': floats(12, 8),
    'blk.0.ffn_up.weight': floats(12, 8),
    'blk.0.ffn_down.weight': floats(8, 12),
  };
  return { metadata, tensors, tokens };
}
