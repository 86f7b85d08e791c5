import { UserError, writeWholeFrom } from '@gmoe/core';
import { sizeOf, type HostTensor, type TensorSpec } from '@gmoe/tensor';
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
  options: WriteOptions = {},
): Promise<void> {
  await streamSafetensors(path, tensors, (name) => tensors[name]!, options);
}

/** As `writeSafetensors`, of tensors that are fetched one after the other. */
export async function streamSafetensors(
  path: string,
  specs: Readonly<Record<string, TensorSpec>>,
  fetch: (name: string) => HostTensor | Promise<HostTensor>,
  { floats = 'F32', metadata }: WriteOptions = {},
): Promise<void> {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, spec] of Object.entries(specs)) {
    const type = typeOf(spec, floats);
    const end = offset + sizeOf(spec.shape) * ELEMENT_TYPES[type].bytes;
    header[name] = { dtype: type, shape: spec.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  // The data starts on a multiple of 8 bytes, so that readers can map it.
  const padded = Math.ceil(text.length / 8) * 8;
  const prefix = Buffer.alloc(LENGTH_BYTES + padded, ' ');
  prefix.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(prefix, LENGTH_BYTES);

  await writeWholeFrom(path, async (file) => {
    // fs.writeFile on a handle goes on from the current position until everything is written.
    await file.writeFile(prefix);
    for (const name of Object.keys(specs)) {
      const { data, dtype } = await fetch(name);
      if (dtype === 'float32' && floats !== 'F32') {
        for (const part of narrowed(name, data as Float32Array, floats)) await file.writeFile(part);
      } else if (data.length > 0) {
        await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
    }
  });
}

/** How a tensor is stored. */
export function typeOf({ dtype }: TensorSpec, floats: FloatType): ElementType {
  if (dtype === 'float32') return floats;
  if (dtype === 'int8') return 'I8';
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
