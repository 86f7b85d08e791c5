import { open, stat, type FileHandle } from 'node:fs/promises';
import { messageOf, UserError } from '@gmoe/core';
import { HostTensor } from '@gmoe/tensor';
import type { GGUFParseOutput } from '@huggingface/gguf';
import { firstNonFinite } from '../checkpoint/element-types.js';
import { BLOCK_TYPES, decodeBlocks, type BlockType } from './block-types.js';
import { GgufMetadata } from './gguf-metadata.js';

/** A tensor of a GGUF file; rows first, as in safetensors. */
export interface GgufTensor {
  readonly shape: readonly number[];
  readonly type: BlockType;
  /** In the file, bytes. */
  readonly offset: number;
  readonly bytes: number;
}

/** Headers beyond this are not read; the largest vocabularies need 20 MB. */
const MAX_HEADER = 40 << 20;
/** A key, its type and the smallest value; a tensor's name, dimensions, type and offset. */
const [MIN_PAIR_BYTES, MIN_TENSOR_BYTES] = [13, 24];
/** Values decoded at a time. */
const CHUNK = 1 << 20;

/**
 * An open GGUF file (ggml's format, versions 2 and 3). Its header is read by Hugging Face's parser and not trusted: sizes,
 * types and places are checked against the file. Owns a file descriptor: `close` it.
 */
export class GgufFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly metadata: GgufMetadata,
    readonly tensors: ReadonlyMap<string, GgufTensor>,
  ) {}

  /** @throws UserError if the file is missing, truncated, malformed or of a type that is not read */
  static async open(path: string): Promise<GgufFile> {
    const file = await openFile(path);
    try {
      const { size } = await file.stat();
      await checkStart(file, size, path);
      const { GGMLQuantizationType: names } = await import('@huggingface/gguf');
      const { metadata, tensorInfos, tensorDataOffset, littleEndian } = await parseHeader(file, size, path);
      if (!littleEndian) throw new UserError(`${path}: is a big-endian GGUF file, which is not read`);
      const tensors = new Map<string, GgufTensor>();
      for (const { name, shape, dtype, offset } of tensorInfos) {
        if (tensors.has(name)) throw new UserError(`${path}: has tensor '${name}' twice`);
        const type = BLOCK_TYPES.get(dtype);
        if (!type) {
          const known = [...BLOCK_TYPES.values()].map((each) => each.name).join(', ');
          throw new UserError(
            `${path}: tensor '${name}' is of type ${names[dtype] ?? dtype}, which is not read; known: ${known}`,
          );
        }
        tensors.set(name, place(name, shape, type, tensorDataOffset + offset, size, path));
      }
      return new GgufFile(path, file, new GgufMetadata(path, metadata), tensors);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A tensor's values. @throws UserError if there is none of this name, or if it holds NaN or an infinity */
  async read(name: string): Promise<HostTensor> {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new UserError(`${this.path}: has no tensor '${name}'`);
    const { shape, type, offset } = tensor;
    const values = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    for (let start = 0; start < values.length; start += CHUNK) {
      const part = values.subarray(start, start + CHUNK);
      const bytes = Buffer.alloc((part.length / type.values) * type.bytes);
      await readFully(this.file, bytes, offset + (start / type.values) * type.bytes, this.path);
      decodeBlocks(type, bytes, part);
    }
    const bad = firstNonFinite(new Uint32Array(values.buffer));
    if (bad >= 0) throw new UserError(`${this.path}: tensor '${name}' holds ${values[bad]} at element ${bad}`);
    return new HostTensor(values, shape);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for its other end.
    if (!(await stat(path)).isFile()) throw new UserError(`${path}: is not a file`);
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** What must be right before the parser may count on it. */
async function checkStart(file: FileHandle, size: number, path: string): Promise<void> {
  const start = Buffer.alloc(24);
  const { bytesRead } = await file.read(start, 0, 24, 0);
  if (start.toString('latin1', 0, 7) === 'version' && start.includes('git-lfs')) {
    throw new UserError(`${path}: is a Git LFS pointer, not the weights; run git lfs pull`);
  }
  if (bytesRead < 24 || start.toString('latin1', 0, 4) !== 'GGUF') throw new UserError(`${path}: is not a GGUF file`);
  const version = start.readUInt32LE(4);
  if (version !== 2 && version !== 3) {
    throw new UserError(`${path}: GGUF version ${version} is not read; known: 2, 3 (little-endian)`);
  }
  const needed =
    start.readBigUInt64LE(8) * BigInt(MIN_TENSOR_BYTES) + start.readBigUInt64LE(16) * BigInt(MIN_PAIR_BYTES);
  if (needed > BigInt(size)) {
    throw new UserError(
      `${path}: is cut short or no GGUF file: its header says ${start.readBigUInt64LE(8)} tensors and ${start.readBigUInt64LE(16)} fields, in ${size} bytes`,
    );
  }
}

type ParsedHeader = GGUFParseOutput;

async function parseHeader(file: FileHandle, size: number, path: string): Promise<ParsedHeader> {
  const { gguf } = await import('@huggingface/gguf');
  const held: Uint8Array[] = [];
  /** The parser asks for ranges of an address; it gets those of the file, and nothing beyond its end. */
  const ranges = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get('range') ?? '')!.map(Number);
    if (first! >= Math.min(size, MAX_HEADER)) throw new UserError(`${path}: is cut short: its header does not end`);
    const bytes = new Uint8Array(Math.min(last! + 1, size) - first!);
    await readFully(file, bytes, first!, path);
    held.push(bytes);
    return new Response(bytes, { headers: { 'content-range': `bytes ${first}-${last}/${size}` } });
  };
  let parsed: ParsedHeader;
  try {
    parsed = await gguf('http://localhost/', { fetch: ranges });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: its GGUF header cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (parsed.tensorDataOffset > size) throw new UserError(`${path}: is cut short: its header does not end`);
  refuseCutStrings(parsed, Buffer.concat(held), path);
  return parsed;
}

/**
 * The parser reads a long array piece by piece and would take the last text of one for shorter than it is, where a piece ends
 * within it: each is looked for with its length.
 */
function refuseCutStrings({ metadata }: ParsedHeader, header: Buffer, path: string): void {
  for (const [key, value] of Object.entries(metadata as Record<string, unknown>)) {
    const last = Array.isArray(value) ? value.at(-1) : undefined;
    if (typeof last !== 'string' || last.includes('\ufffd')) continue;
    const text = Buffer.from(last);
    const stored = Buffer.alloc(8 + text.length);
    stored.writeBigUInt64LE(BigInt(text.length));
    text.copy(stored, 8);
    if (!header.includes(stored)) throw new UserError(`${path}: ${key} cannot be read to its end`);
  }
}

function place(
  name: string,
  sizes: readonly bigint[],
  type: BlockType,
  start: bigint,
  fileSize: number,
  path: string,
): GgufTensor {
  const count = sizes.reduce((product, size) => product * size, 1n);
  const row = sizes[0] ?? 1n;
  if (count <= 0n || sizes.length === 0 || row % BigInt(type.values) !== 0n) {
    throw new UserError(
      `${path}: tensor '${name}' has the shape [${sizes.join(', ')}], no multiple of ${type.name}'s blocks`,
    );
  }
  const bytes = (count / BigInt(type.values)) * BigInt(type.bytes);
  if (start + bytes > BigInt(fileSize)) {
    throw new UserError(
      `${path}: is cut short: tensor '${name}' ends at byte ${start + bytes}, the file at ${fileSize}`,
    );
  }
  return { shape: sizes.map(Number).reverse(), type, offset: Number(start), bytes: Number(bytes) };
}

async function readFully(file: FileHandle, bytes: Uint8Array, offset: number, path: string): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done);
    if (bytesRead === 0) throw new UserError(`${path}: ends within what its header promises`);
    done += bytesRead;
  }
}
