import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostTensor, type DType, type TypedData } from '../host-tensor.js';
import { encodeModel, type OnnxInitializer, type OnnxModel } from '../trace/onnx-proto.js';
import { ort } from './onnx-runtime.js';
import { placeWeights } from './place-weights.js';
import { SessionPool, type PooledSession } from './session-pool.js';

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
 * Opens an ONNX Runtime session for a graph. On the cpu, weights go into it as `placeWeights` says; on other devices they become
 * constants in a file beside the model, uploaded once.
 *
 * Released, a session on the cpu waits for the next one who opens the same graph over the same constants.
 */
export async function openSession(
  model: OnnxModel,
  weights: ReadonlyMap<string, HostTensor>,
  settings: SessionSettings,
): Promise<PooledSession> {
  if (settings.provider === 'cpu') {
    const { model: placed, folder, identity, options } = placeWeights(model, weights);
    const graph = encodeModel(placed);
    const create = () => ort.InferenceSession.create(graph, { ...sessionOptions(settings, folder), ...options });
    // A profile is written when its session is released.
    if (settings.profilePrefix !== undefined) return unshared(await create());
    return sessionPool.acquire(graph, [settings.threads, folder, identity].join('\0'), create);
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
    // A traced graph leaves ONNX Runtime nothing to fuse that would show on a cpu, and its hundred passes are half of the start.
    graphOptimizationLevel: provider === 'cpu' ? 'disabled' : 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableMemPattern: false,
    logSeverityLevel: 4,
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
