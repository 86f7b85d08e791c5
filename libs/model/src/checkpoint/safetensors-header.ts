import { parseJson, parseOptions, UserError } from '@gmoe/core';
import { z } from 'zod';
import { ELEMENT_TYPES, type ElementType } from './element-types.js';

/** Where a tensor lies in a safetensors file. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The header's length comes first, as an unsigned 64-bit integer. */
export const LENGTH_BYTES = 8;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** Five a tensor and more. */
const MAX_HEADER_VALUES = 2_500_000;

/** Types of 8 bits and less that quantized checkpoints store weights in. */
const QUANTIZED = /^(?:F8|F6|F4|I4|U4)/;

const metadataSchema = z.record(z.string(), z.string());
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/** The header's length in bytes. @throws UserError if it cannot be true for a file of this size. */
export function headerLength(prefix: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < LENGTH_BYTES || prefix.length < LENGTH_BYTES) {
    throw new UserError(`${where}: is not a safetensors file: ${fileBytes} bytes are too few for a header`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, fileBytes - LENGTH_BYTES))) {
    throw new UserError(
      `${where}: the header claims ${length} bytes, but the file has ${fileBytes} (truncated, or not a safetensors file)`,
    );
  }
  return Number(length);
}

/**
 * Parses and checks a header: known types, sizes that match shapes, and data that lies in the file side by side without
 * gap or overlap, as the format demands.
 * @throws UserError naming the tensor
 */
export function parseHeader(text: string, fileBytes: number, where: string): SafetensorsHeader {
  let json: unknown;
  try {
    json = parseJson(text, MAX_HEADER_VALUES);
  } catch {
    throw new UserError(`${where}: the header is not JSON (damaged, or not a safetensors file)`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UserError(`${where}: the header is not a JSON object`);
  }
  const twice = repeatedName(text);
  if (twice !== undefined) throw new UserError(`${where}: the header names tensor '${twice}' twice`);
  const dataStart = LENGTH_BYTES + Buffer.byteLength(text);
  const dataBytes = fileBytes - dataStart;
  const tensors = new Map<string, StoredTensor>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      metadata = parseOptions(metadataSchema, value, `${where}: __metadata__`);
      continue;
    }
    const { dtype, shape, data_offsets } = parseOptions(entrySchema, value, `${where}: tensor '${name}'`);
    const [begin, end] = data_offsets;
    if (!Object.hasOwn(ELEMENT_TYPES, dtype)) {
      const why = QUANTIZED.test(dtype) ? 'is quantized' : 'is not read';
      throw new UserError(
        `${where}: tensor '${name}' has dtype '${dtype}', which ${why}; use a checkpoint whose weights are BF16, F16, F32 or F64`,
      );
    }
    const type = dtype as ElementType;
    if (end < begin || end > dataBytes) {
      throw new UserError(
        `${where}: tensor '${name}' claims bytes ${begin}..${end}, but the file holds ${dataBytes} bytes of data (truncated?)`,
      );
    }
    const bytes = shape.reduce((size, dim) => size * dim, ELEMENT_TYPES[type].bytes);
    if (bytes !== end - begin) {
      throw new UserError(
        `${where}: tensor '${name}' of shape [${shape.join(', ')}] and dtype ${dtype} needs ${bytes} bytes, its offsets span ${end - begin}`,
      );
    }
    tensors.set(name, { type, shape, offset: dataStart + begin, bytes });
  }
  checkLayout(tensors, dataStart, fileBytes, where);
  return { tensors, metadata };
}

/** A name that a header holds twice, of which `JSON.parse` keeps the last only; the text is an object in valid JSON. */
function repeatedName(text: string): string | undefined {
  const names = new Set<string>();
  let depth = 0;
  for (const [token, isName] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && isName !== undefined) {
      const name = JSON.parse(token.slice(0, -isName.length)) as string;
      if (names.has(name)) return name;
      names.add(name);
    }
  }
  return undefined;
}

function checkLayout(
  tensors: ReadonlyMap<string, StoredTensor>,
  dataStart: number,
  fileBytes: number,
  where: string,
): void {
  let end = dataStart;
  let previous = '';
  for (const [name, tensor] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (tensor.offset < end) throw new UserError(`${where}: tensors '${previous}' and '${name}' overlap`);
    if (tensor.offset > end) {
      throw new UserError(`${where}: ${tensor.offset - end} bytes before tensor '${name}' belong to no tensor`);
    }
    end = tensor.offset + tensor.bytes;
    previous = name;
  }
  if (end !== fileBytes) throw new UserError(`${where}: the last ${fileBytes - end} bytes belong to no tensor`);
}
