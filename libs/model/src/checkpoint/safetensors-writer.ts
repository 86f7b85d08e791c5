import { UserError } from '@gmoe/core';
import type { HostTensor } from '@gmoe/tensor';
import { writeAtomically } from './atomic-file.js';
import {
  ELEMENT_TYPES,
  FLOAT16_MAX,
  firstNonFiniteBfloat16,
  firstNonFiniteHalf,
  narrowBfloat16,
  narrowFloat16,
  type ElementType,
} from './element-types.js';
import { LENGTH_BYTES } from './safetensors-header.js';

/** How float32 values can be stored. */
export const FLOAT_TYPES = ['F32', 'F16', 'BF16'] as const;
export type FloatType = (typeof FLOAT_TYPES)[number];

export interface WriteOptions {
  /** How float32 tensors are stored; default F32. */
  readonly floats?: FloatType;
  /** Free text by key; Hugging Face wants `{ format: 'pt' }`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Values converted to 16 bits at a time. */
const CHUNK = 1 << 20;

/**
 * Writes tensors as one safetensors file, atomically. The order of names is kept.
 * @throws UserError if a value does not fit the 16-bit type
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, HostTensor>>,
  { floats = 'F32', metadata }: WriteOptions = {},
): Promise<void> {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const type = typeOf(tensor, floats);
    const end = offset + tensor.size * ELEMENT_TYPES[type].bytes;
    header[name] = { dtype: type, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  // The data starts on a multiple of 8 bytes, so that readers can map it.
  const padded = Math.ceil(text.length / 8) * 8;
  const prefix = Buffer.alloc(LENGTH_BYTES + padded, ' ');
  prefix.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(prefix, LENGTH_BYTES);

  await writeAtomically(path, async (file) => {
    // fs.writeFile on a handle goes on from the current position until everything is written.
    await file.writeFile(prefix);
    for (const [name, tensor] of Object.entries(tensors)) {
      if (tensor.dtype === 'float32' && floats !== 'F32') {
        for (const part of narrowed(name, tensor.data as Float32Array, floats)) await file.writeFile(part);
      } else if (tensor.size > 0) {
        await file.writeFile(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
      }
    }
  });
}

function typeOf({ dtype }: HostTensor, floats: FloatType): ElementType {
  if (dtype === 'float32') return floats;
  return dtype === 'int32' ? 'I32' : 'BOOL';
}

const NARROW = {
  F16: { narrow: narrowFloat16, firstBad: firstNonFiniteHalf, range: `±${FLOAT16_MAX}` },
  BF16: { narrow: narrowBfloat16, firstBad: firstNonFiniteBfloat16, range: '±3.39e38' },
} as const;

function* narrowed(name: string, data: Float32Array, type: 'F16' | 'BF16'): Generator<Uint8Array> {
  const { narrow, firstBad, range } = NARROW[type];
  for (let start = 0; start < data.length; start += CHUNK) {
    const part = data.subarray(start, start + CHUNK);
    const out = new Uint16Array(part.length);
    narrow(part, out);
    const bad = firstBad(out);
    if (bad >= 0) {
      throw new UserError(`tensor '${name}' holds ${part[bad]}, which does not fit ${type} (${range}); write F32`);
    }
    yield new Uint8Array(out.buffer);
  }
}
