import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { HostTensor, type DType, type TypedData } from '../host-tensor.js';
import { encodeModel, type OnnxInitializer, type OnnxModel } from '../trace/onnx-proto.js';
import { SessionPool, type PooledSession } from './session-pool.js';

// ONNX Runtime would leave a device id in the user's cache folder and look for a collector of events when it starts.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
// Errors come as exceptions; the native log would print them a second time.
ort.env.logLevel = 'fatal';

export interface SessionSettings {
  readonly provider: 'cpu' | 'webgpu' | 'cuda';
  readonly threads: number;
  /** Write ONNX Runtime's per-node timings to a file with this prefix. */
  readonly profilePrefix?: string;
}

const WEIGHTS_FILE = 'weights.bin';
/** ONNX Runtime maps external data by pages. */
const PAGE = 4096;

/** Sessions of this process that can go from one engine to the next. */
export const sessionPool = new SessionPool();

/**
 * Opens an ONNX Runtime session for a graph.
 *
 * On the cpu, weights are inputs of the graph: the session borrows the host's memory, so that programs share one copy.
 * Weights in a file are defaults of such inputs instead: ONNX Runtime maps the file, so that processes share one copy too. It
 * neither folds nor repacks them, since a default could be overridden. On other devices weights become constants in a file
 * beside the model, uploaded once.
 *
 * Weights in 8 bits are constants on the cpu: ONNX Runtime lays them out once as its products read them, where it would else do so
 * in every run. The session has a copy of its own, a quarter of what float32 takes. Weights in files are read into memory beside them.
 *
 * Released, a session on the cpu waits for the next one who opens the same graph over the same constants.
 */
export async function openSession(
  model: OnnxModel,
  weights: ReadonlyMap<string, HostTensor>,
  settings: SessionSettings,
): Promise<PooledSession> {
  if (settings.provider === 'cpu') {
    const packed = packedWeights(model, weights);
    // ONNX Runtime takes external data either from memory or from files.
    const { folder, version, initializers } = mappedWeights(model, packed.ids.length > 0 ? new Map() : weights);
    const graph = encodeModel({
      ...model,
      inputs: model.inputs.filter(({ name }) => !packed.names.has(name)),
      initializers: [...model.initializers, ...initializers, ...packed.initializers],
    });
    const options = { ...sessionOptions(settings, folder), ...packed.options };
    const create = () => ort.InferenceSession.create(graph, options);
    // A profile is written when its session is released.
    if (settings.profilePrefix !== undefined) return unshared(await create());
    return sessionPool.acquire(graph, [settings.threads, folder, version, ...packed.ids].join('\0'), create);
  }
  const folder = await mkdtemp(join(tmpdir(), 'gmoe-graph-'));
  try {
    const external = await writeWeights(join(folder, WEIGHTS_FILE), model, weights);
    const names = new Set(external.map(({ name }) => name));
    const path = join(folder, 'model.onnx');
    await writeFile(
      path,
      encodeModel({
        ...model,
        inputs: model.inputs.filter(({ name }) => !names.has(name)),
        initializers: [...model.initializers, ...external],
      }),
    );
    return unshared(await ort.InferenceSession.create(path, sessionOptions(settings)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unshared(session: ort.InferenceSession): PooledSession {
  return { session, release: () => session.release() };
}

/** Defaults for the inputs whose values are in files, as far as these are in one folder: ONNX Runtime looks into no other. */
function mappedWeights(model: OnnxModel, weights: ReadonlyMap<string, HostTensor>) {
  const versions = new Set<string>();
  const initializers: OnnxInitializer[] = [];
  let folder: string | undefined;
  for (const { name } of model.inputs) {
    const { file, shape, size } = weights.get(name) ?? {};
    if (!file || dirname(file.path) !== (folder ??= dirname(file.path))) continue;
    versions.add(file.version);
    const data = { file: basename(file.path), offset: file.offset, bytes: 4 * size! };
    initializers.push({ name, shape: shape!, type: 'float32', data });
  }
  return { folder, version: [...versions].join(), initializers };
}

const identities = new WeakMap<HostTensor, string>();
let identified = 0;

/** A name for a host tensor that no other has in this process. */
function identityOf(host: HostTensor): string {
  const known = identities.get(host) ?? `int8-${identified++}`;
  identities.set(host, known);
  return known;
}

/** Weights in 8 bits as constants, handed over in memory. */
function packedWeights(model: OnnxModel, weights: ReadonlyMap<string, HostTensor>) {
  const chosen = model.inputs.flatMap(({ name, dtype }) => {
    const host = weights.get(name);
    return dtype === 'int8' && host ? [{ name, host, path: identityOf(host) }] : [];
  });
  return {
    names: new Set(chosen.map(({ name }) => name)),
    ids: chosen.map(({ path }) => path),
    initializers: chosen.map(({ name, host, path }): OnnxInitializer => ({
      name,
      shape: host.shape,
      type: 'int8',
      data: { file: path, offset: 0, bytes: host.size },
    })),
    options:
      chosen.length === 0
        ? {}
        : {
            externalData: chosen.map(({ host: { data }, path }) => ({
              path,
              data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
            })),
          },
  };
}

async function writeWeights(
  path: string,
  model: OnnxModel,
  weights: ReadonlyMap<string, HostTensor>,
): Promise<OnnxInitializer[]> {
  const file = await open(path, 'w');
  try {
    const external: OnnxInitializer[] = [];
    let offset = 0;
    for (const { name } of model.inputs) {
      const host = weights.get(name);
      if (!host) continue;
      const { data } = host;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      await file.write(bytes, 0, bytes.length, offset);
      external.push({
        name,
        shape: host.shape,
        type: host.dtype,
        data: { file: WEIGHTS_FILE, offset, bytes: bytes.length },
      });
      offset = Math.ceil((offset + bytes.length) / PAGE) * PAGE;
    }
    return external;
  } finally {
    await file.close();
  }
}

function sessionOptions(
  { provider, threads, profilePrefix }: SessionSettings,
  weightsFolder?: string,
): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(profilePrefix ? { enableProfiling: true, profileFilePrefix: profilePrefix } : {}),
    // Waiting threads that spin take the core from other trials on a busy machine.
    extra: {
      session: {
        intra_op: { allow_spinning: '0' },
        set_denormal_as_zero: '1',
        ...(weightsFolder === undefined ? {} : { model_external_initializers_file_folder_path: weightsFolder }),
      },
    },
  };
}

/** A view for ONNX Runtime on a host tensor's memory. */
export function toOrtTensor({ data, shape, dtype }: HostTensor): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, shape);
}

export function fromOrtTensor(tensor: ort.Tensor): HostTensor {
  return new HostTensor(tensor.data as TypedData, tensor.dims, tensor.type as DType);
}
