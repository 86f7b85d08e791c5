import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { messageOf, UserError } from '@gmoe/core';
import { HostTensor, sizeOf } from '@gmoe/tensor';
import { ELEMENT_TYPES, firstNonFinite, widenBfloat16, widenFloat16 } from './element-types.js';
import { refuseLfsPointer } from './lfs-pointer.js';
import {
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type StoredTensor,
} from './safetensors-header.js';

/** Some rows of a tensor: indices `first` to `first + count - 1` of its first axis. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/** Types that are read as they are. */
const PLAIN = { I32: Int32Array, BOOL: Uint8Array, I8: Int8Array };

/** Bytes read at a time; 16-bit floats are widened from a buffer of this size. */
const CHUNK = 8 << 20;

/**
 * An open safetensors file. Tensors are read one by one, straight into their own memory: beside what is returned, reading
 * takes one buffer of 8 MiB. Owns a file descriptor: `close` it.
 */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly header: SafetensorsHeader,
  ) {}

  /** @throws UserError if the file is missing, truncated or malformed */
  static async open(path: string): Promise<SafetensorsFile> {
    let file: FileHandle;
    try {
      // Opening a pipe would wait for its other end.
      if (!(await stat(path)).isFile()) throw new UserError(`${path}: is not a file`);
      file = await open(path, 'r');
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${path}: cannot be opened: ${messageOf(error)}`, { cause: error });
    }
    try {
      const { size } = await file.stat();
      const prefix = new Uint8Array(LENGTH_BYTES);
      await file.read(prefix, 0, LENGTH_BYTES, 0);
      refuseLfsPointer(Buffer.from(prefix).toString('latin1'), path);
      const text = Buffer.alloc(headerLength(prefix, size, path));
      await readFully(file, text, LENGTH_BYTES, path);
      if (!isUtf8(text)) throw new UserError(`${path}: the header is not UTF-8 (not a safetensors file)`);
      return new SafetensorsFile(path, file, parseHeader(text.toString('utf8'), size, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Type, shape and place of each tensor. */
  get tensors(): ReadonlyMap<string, StoredTensor> {
    return this.header.tensors;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  /** Where a tensor lies, or some rows of it. @throws UserError if there is none of this name */
  private stored(name: string, rows: Rows | undefined): StoredTensor {
    const whole = this.header.tensors.get(name);
    if (!whole) throw new UserError(`${this.path}: has no tensor '${name}'`);
    if (!rows) return whole;
    const [count, ...rest] = whole.shape;
    const rowBytes = whole.bytes / count!;
    return {
      type: whole.type,
      shape: [rows.count, ...rest],
      offset: whole.offset + rows.first * rowBytes,
      bytes: rows.count * rowBytes,
    };
  }

  /**
   * Reads a tensor, or some of its rows; F16, BF16 and F64 become float32, I64 and U8 int32.
   * @throws UserError if there is none of this name, if it holds NaN or an infinity, or an integer beyond 32 bits
   */
  async read(name: string, rows?: Rows): Promise<HostTensor> {
    const stored = this.stored(name, rows);
    const { type, shape } = stored;
    if (type === 'I32' || type === 'BOOL' || type === 'I8') {
      const data = new PLAIN[type](sizeOf(shape));
      await readFully(this.file, new Uint8Array(data.buffer), stored.offset, this.path);
      return new HostTensor(data, shape);
    }
    if (type === 'I64' || type === 'U8' || type === 'F64') return this.readConverted(name, stored, type);
    return new HostTensor(await this.readFloats(name, stored), shape);
  }

  /** Types that only small tensors have: ids, masks, reference values. */
  private async readConverted(
    name: string,
    { offset, bytes, shape }: StoredTensor,
    type: 'I64' | 'U8' | 'F64',
  ): Promise<HostTensor> {
    const raw = new Uint8Array(bytes);
    await readFully(this.file, raw, offset, this.path);
    if (type === 'U8') return HostTensor.int(raw, shape);
    if (type === 'F64') {
      const data = Float32Array.from(new Float64Array(raw.buffer));
      const bad = data.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw new UserError(`${this.path}: tensor '${name}' holds ${data[bad]} at element ${bad}`);
      return new HostTensor(data, shape);
    }
    const wide = new BigInt64Array(raw.buffer);
    const bad = wide.findIndex((value) => value !== BigInt.asIntN(32, value));
    if (bad >= 0) {
      throw new UserError(`${this.path}: tensor '${name}' holds ${wide[bad]} at element ${bad}, beyond 32 bits`);
    }
    return HostTensor.int(Array.from(wide, Number), shape);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /**
   * A tensor, or some of its rows, whose values stay in this file, where it holds them as int8 or as aligned float32; undefined otherwise.
   * Floats are checked now and must not change as long as the tensor is used.
   * @throws UserError as `read`
   */
  async map(name: string, rows?: Rows): Promise<HostTensor | undefined> {
    const stored = this.stored(name, rows);
    const { offset, bytes, shape, type } = stored;
    if (type === 'F32' && offset % 4 === 0) await this.checkFloats(name, stored);
    else if (type !== 'I8') return undefined;
    const path = await realpath(this.path);
    const read =
      type === 'I8'
        ? () => new Int8Array(readSyncFrom(path, offset, bytes))
        : () => new Float32Array(readSyncFrom(path, offset, bytes));
    return HostTensor.inFile({ path, offset, version: await this.version(), read }, shape, ELEMENT_TYPES[type].dtype);
  }

  private async checkFloats(name: string, { offset, bytes }: StoredTensor): Promise<void> {
    const chunk = new Uint32Array(Math.min(CHUNK, bytes) / 4);
    for (let start = 0; start < bytes; start += CHUNK) {
      const part = chunk.subarray(0, Math.min(CHUNK, bytes - start) / 4);
      await readFully(this.file, bytesOf(part), offset + start, this.path);
      checkFinite(part, start / 4, name, this.path);
    }
  }

  /** What tells versions of this file apart. */
  async version(): Promise<string> {
    const { size, mtimeMs, ino } = await this.file.stat();
    return `${await realpath(this.path)} ${ino} ${size} ${mtimeMs}`;
  }

  private async readFloats(name: string, { type, offset, bytes, shape }: StoredTensor): Promise<Float32Array> {
    const data = new Float32Array(sizeOf(shape));
    const bits = new Uint32Array(data.buffer);
    const width = type === 'F32' ? 4 : 2;
    const chunk = type === 'F32' ? undefined : new Uint16Array(Math.min(CHUNK, bytes) / 2);
    for (let start = 0; start < bytes; start += CHUNK) {
      const length = Math.min(CHUNK, bytes - start);
      const part = bits.subarray(start / width, (start + length) / width);
      if (chunk) {
        const halves = chunk.subarray(0, length / 2);
        await readFully(this.file, bytesOf(halves), offset + start, this.path);
        if (type === 'F16') widenFloat16(halves, part);
        else widenBfloat16(halves, part);
      } else {
        await readFully(this.file, bytesOf(part), offset + start, this.path);
      }
      checkFinite(part, start / width, name, this.path);
    }
    return data;
  }
}

/** Reads every tensor of a file. @throws UserError as `SafetensorsFile.open` and `read` */
export async function readSafetensors(
  path: string,
): Promise<{ tensors: Record<string, HostTensor>; metadata: Readonly<Record<string, string>> }> {
  const file = await SafetensorsFile.open(path);
  try {
    const tensors: Record<string, HostTensor> = {};
    for (const name of file.tensors.keys()) tensors[name] = await file.read(name);
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

async function readFully(file: FileHandle, into: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new UserError(`${path}: ended after ${position + done} bytes while it was read`);
    done += bytesRead;
  }
}

/** @param bits float32 bit patterns @param first index of the first of them in the tensor */
function checkFinite(bits: Uint32Array, first: number, name: string, path: string): void {
  const bad = firstNonFinite(bits);
  if (bad < 0) return;
  const [value] = new Float32Array(bits.slice(bad, bad + 1).buffer);
  throw new UserError(`${path}: tensor '${name}' holds ${value} at element ${first + bad}`);
}

function readSyncFrom(path: string, offset: number, bytes: number): ArrayBuffer {
  const values = new ArrayBuffer(bytes);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < bytes;) {
      const count = readSync(file, new Uint8Array(values), done, Math.min(bytes - done, 1 << 30), offset + done);
      if (count === 0) throw new Error(`${path}: ended while it was read`);
      done += count;
    }
  } finally {
    closeSync(file);
  }
  return values;
}

function bytesOf(array: Uint16Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
