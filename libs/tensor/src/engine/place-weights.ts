import { basename, dirname } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { DType, HostTensor } from '../host-tensor.js';
import type { OnnxInitializer, OnnxModel, OnnxNode } from '../trace/onnx-proto.js';

/** A graph with its weights in their places, for a session on the cpu. */
export interface PlacedWeights {
  readonly model: OnnxModel;
  /** The folder that ONNX Runtime may map files of, if any. */
  readonly folder?: string;
  /** Tells apart what the graph's bytes do not: versions of files, values in memory. */
  readonly identity: string;
  /** What the session must be given beside the graph. */
  readonly options: Pick<InferenceSession.SessionOptions, 'externalData'>;
}

type Weights = ReadonlyMap<string, HostTensor>;

/** The op that multiplies by a matrix in 8 bits, and which of its inputs that is. */
const PRODUCT = { op: 'MatMulIntegerToFloat', matrix: 1 };
const BYTES: Record<DType, number> = { float32: 4, int32: 4, int8: 1, bool: 1 };

/**
 * Decides how each weight goes into a session on the cpu. It stays an input of the graph, lent from the host's memory, except:
 *
 * - A weight in a file is the default of its input: ONNX Runtime maps the file, so that processes share one copy. It neither
 *   folds nor repacks it, since a default could be overridden: a matrix in 8 bits is widened anew in each run, and not kept as floats.
 * - A matrix in 8 bits whose products are taken in 8 bits is a constant, from its file or from memory: ONNX Runtime lays it out
 *   once as these products read it, where it would else do so in every run. The session's copy is a quarter of what float32 takes.
 *
 * ONNX Runtime takes external data either from memory or from the files of one folder: beside constants in memory, weights in
 * files are read and lent; files of other folders too.
 */
export function placeWeights(model: OnnxModel, weights: Weights): PlacedWeights {
  const matrices = new Set(
    model.nodes.flatMap(({ op, inputs }) => (op === PRODUCT.op ? [inputs[PRODUCT.matrix]!] : [])),
  );
  const packed = model.inputs.map(({ name }) => name).filter((name) => matrices.has(name) && weights.has(name));
  const folders = new Set(packed.map((name) => folderOf(weights.get(name))));
  return folders.size > 1 || folders.has(undefined)
    ? constantsInMemory(model, weights, packed)
    : inFiles(model, weights, new Set(packed), [...folders][0]);
}

function folderOf(host: HostTensor | undefined): string | undefined {
  return host?.file && dirname(host.file.path);
}

function inFiles(model: OnnxModel, weights: Weights, packed: ReadonlySet<string>, among?: string): PlacedWeights {
  const split = withoutOtherReaders(model, packed);
  const versions = new Set<string>();
  const initializers: OnnxInitializer[] = [];
  let folder = among;
  for (const { name } of split.model.inputs) {
    const host = weights.get(split.sources.get(name) ?? name);
    if (!host?.file || folderOf(host) !== (folder ??= folderOf(host))) continue;
    const { file, shape, size, dtype } = host;
    versions.add(file.version);
    const data = { file: basename(file.path), offset: file.offset, bytes: BYTES[dtype] * size };
    initializers.push({ name, shape, type: dtype, data });
  }
  return {
    model: {
      ...split.model,
      inputs: split.model.inputs.filter(({ name }) => !packed.has(name)),
      initializers: [...model.initializers, ...initializers],
    },
    ...(folder === undefined ? {} : { folder }),
    identity: [...versions].join(),
    options: {},
  };
}

/**
 * Gives what reads a packed matrix otherwise (widens it) an input of its own over the same values: as a constant it would be
 * widened once and kept.
 */
function withoutOtherReaders(model: OnnxModel, packed: ReadonlySet<string>) {
  const sources = new Map<string, string>();
  const nodes = model.nodes.map((node): OnnxNode => {
    const inputs = node.inputs.map((name, i) => {
      if (!packed.has(name) || (node.op === PRODUCT.op && i === PRODUCT.matrix)) return name;
      const other = `${name}:widened`;
      sources.set(other, name);
      return other;
    });
    return { ...node, inputs };
  });
  const others = [...sources].map(([name, source]) => ({
    ...model.inputs.find((input) => input.name === source)!,
    name,
  }));
  return { model: { ...model, nodes, inputs: [...model.inputs, ...others] }, sources };
}

const identities = new WeakMap<HostTensor, string>();
let identified = 0;

/** A name for a host tensor that no other has in this process. */
function identityOf(host: HostTensor): string {
  const known = identities.get(host) ?? `int8-${identified++}`;
  identities.set(host, known);
  return known;
}

function constantsInMemory(model: OnnxModel, weights: Weights, packed: readonly string[]): PlacedWeights {
  const chosen = packed.map((name) => {
    const host = weights.get(name)!;
    return { name, host, path: identityOf(host) };
  });
  return {
    model: {
      ...model,
      inputs: model.inputs.filter(({ name }) => !packed.includes(name)),
      initializers: [
        ...model.initializers,
        ...chosen.map(({ name, host, path }): OnnxInitializer => ({
          name,
          shape: host.shape,
          type: host.dtype,
          data: { file: path, offset: 0, bytes: host.size },
        })),
      ],
    },
    identity: chosen.map(({ path }) => path).join(),
    options: {
      externalData: chosen.map(({ host: { data }, path }) => ({
        path,
        data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
    },
  };
}
