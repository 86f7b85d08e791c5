import type { DType, TypedData } from '../host-tensor.js';
import { tf } from '../tf.js';
import type { GraphBuilder } from './graph-builder.js';
import { currentOp, currentRandomOp, TraceError } from './trace-error.js';
import { TRACE_BACKEND } from './trace-state.js';

type DataId = object;

/** What a tensor stands for while a function is traced: a value of the graph, or a host constant not yet in it. */
interface TracedValue {
  name?: string;
  /** The constant's values, until an op uses it. */
  host?: TypedData;
  shape: readonly number[];
}

/** A tfjs backend that computes nothing: its kernels (see `lowerings/`) record ONNX nodes. */
class TraceBackend extends tf.KernelBackend {
  private readonly values = new WeakMap<DataId, TracedValue>();
  private graph: GraphBuilder | undefined;

  begin(graph: GraphBuilder): void {
    this.graph = graph;
  }

  end(): void {
    this.graph = undefined;
  }

  get builder(): GraphBuilder {
    if (!this.graph) throw new TraceError('an op ran on the tracing backend outside of a trace');
    return this.graph;
  }

  /** A tensor for a value of the graph. */
  tensorInfo(name: string, shape: readonly number[], dtype: tf.NumericDataType): tf.TensorInfo {
    const dataId = {};
    this.values.set(dataId, { name, shape });
    return { dataId, shape: [...shape], dtype };
  }

  /** The same value in another shape; a node only where an op reads it so. */
  reshaped(tensor: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    const value = this.traced(tensor);
    const dataId = {};
    this.values.set(dataId, value.host ? { host: value.host, shape } : value);
    return { dataId, shape: [...shape], dtype: tensor.dtype };
  }

  private traced(tensor: tf.TensorInfo): TracedValue {
    const value = this.values.get(tensor.dataId);
    if (!value) {
      throw new TraceError(
        'a tensor from outside was captured by a traced function: pass it in as an argument or as a frozen weight',
      );
    }
    return value;
  }

  /** The graph's name for a tensor, with the tensor's shape. */
  nameOf(tensor: tf.TensorInfo): string {
    const value = this.traced(tensor);
    if (value.name === undefined) value.name = this.builder.constant(value.host!, value.shape, tensor.dtype as DType);
    if (value.shape.join() === tensor.shape.join()) return value.name;
    return this.builder.node('Reshape', [value.name, this.builder.int64s(tensor.shape)]);
  }

  /** The value of a tensor that is a host constant of this trace, e.g. a Python-like scalar; else undefined. */
  constantOf(tensor: tf.TensorInfo): TypedData | undefined {
    return this.values.get(tensor.dataId)?.host;
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const random = currentRandomOp();
    if (random) {
      throw new TraceError(
        `tf.${random} draws random numbers on the host, which a trace would freeze: pass the numbers in as an argument (RandomKey)`,
      );
    }
    const dataId = {};
    this.values.set(dataId, { host: typedValues(values, dtype), shape });
    return dataId;
  }

  override readSync(): tf.backend_util.BackendValues {
    throw new TraceError(
      `a value was read inside a traced function (${currentOp() ?? 'dataSync'}): there are no values while the graph is recorded`,
    );
  }

  override async read(): Promise<tf.backend_util.BackendValues> {
    return this.readSync();
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  decRef(): void {}

  override disposeData(): boolean {
    return true;
  }

  override numDataIds(): number {
    return 0;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

function typedValues(values: tf.backend_util.BackendValues, dtype: tf.DataType): TypedData {
  if (dtype === 'float32') return Float32Array.from(values as ArrayLike<number>);
  if (dtype === 'int32') return Int32Array.from(values as ArrayLike<number>);
  if (dtype === 'bool') return Uint8Array.from(values as ArrayLike<number>);
  throw new TraceError(`tensors of dtype '${dtype}' cannot be traced; allowed: float32, int32, bool`);
}

export const traceBackend = new TraceBackend();
tf.registerBackend(TRACE_BACKEND, () => traceBackend, -1);
