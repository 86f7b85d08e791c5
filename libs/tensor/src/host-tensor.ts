/**
 * Element types a tensor can have here: tfjs's numeric types that ONNX Runtime shares, and int8 for quantised weights, which
 * a program sees as int32.
 */
export type DType = 'float32' | 'int32' | 'int8' | 'bool';

export type TypedData = Float32Array | Int32Array | Int8Array | Uint8Array;

/** Shape and element type of a tensor, without its values. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/** Values that stay in a file, little-endian, where processes can map them instead of holding copies. */
export interface FileValues {
  /** Absolute, without links. */
  readonly path: string;
  /** First byte; for float32 a multiple of 4. */
  readonly offset: number;
  /** Tells versions of the file apart. */
  readonly version: string;
  /** All values, in memory of the caller's own. @throws Error if the file is gone */
  read(): Float32Array | Int8Array;
}

/**
 * A tensor's values in host memory, row-major: what goes into and comes out of a compiled program. Immutable by
 * convention: whoever writes into `data` must own it.
 */
export class HostTensor implements TensorSpec {
  readonly size: number;
  /** Where the values lie, if they are in a file; `data` then reads them at each access. */
  declare readonly file?: FileValues;

  /** @throws RangeError if `data` does not hold exactly the elements of `shape`. */
  constructor(
    readonly data: TypedData,
    readonly shape: readonly number[],
    readonly dtype: DType = dtypeOf(data),
  ) {
    this.size = sizeOf(shape);
    if (data.length !== this.size) {
      throw new RangeError(`a tensor of shape [${shape.join(', ')}] needs ${this.size} values, got ${data.length}`);
    }
  }

  /** A tensor whose values stay in a file. */
  static inFile(file: FileValues, shape: readonly number[], dtype: 'float32' | 'int8' = 'float32'): HostTensor {
    const tensor = new HostTensor(allocate(0, dtype), [0]);
    return Object.defineProperties(tensor, {
      data: { get: () => file.read(), enumerable: true },
      shape: { value: shape, enumerable: true },
      size: { value: sizeOf(shape), enumerable: true },
      file: { value: file },
    });
  }

  static scalar(value: number): HostTensor {
    return new HostTensor(Float32Array.of(value), []);
  }

  static zeros(shape: readonly number[], dtype: DType = 'float32'): HostTensor {
    return new HostTensor(allocate(sizeOf(shape), dtype), shape, dtype);
  }

  static full(shape: readonly number[], value: number, dtype: DType = 'float32'): HostTensor {
    return new HostTensor(allocate(sizeOf(shape), dtype).fill(value), shape, dtype);
  }

  static float(values: ArrayLike<number>, shape: readonly number[] = [values.length]): HostTensor {
    return new HostTensor(Float32Array.from(values), shape);
  }

  static int(values: ArrayLike<number>, shape: readonly number[] = [values.length]): HostTensor {
    return new HostTensor(Int32Array.from(values), shape);
  }

  /** The single value of a tensor with one element. @throws RangeError if there are more. */
  item(): number {
    if (this.size !== 1) throw new RangeError(`item() needs one element, the shape is [${this.shape.join(', ')}]`);
    return this.data[0]!;
  }

  /** Same values under another shape of the same size; shares `data`. */
  reshape(shape: readonly number[]): HostTensor {
    return new HostTensor(this.data, shape, this.dtype);
  }
}

function dtypeOf(data: TypedData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int8Array) return 'int8';
  return data instanceof Int32Array ? 'int32' : 'bool';
}

function allocate(size: number, dtype: DType): TypedData {
  if (dtype === 'float32') return new Float32Array(size);
  if (dtype === 'int8') return new Int8Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}
