import { UserError } from '@gmoe/core';
import { tensorOf } from '../tensor-of.js';
import { HostTensor, type DType, type TypedData } from '../host-tensor.js';
import { tf } from '../tf.js';
import { mapTree, type HostOf } from '../tree.js';
import type { Engine, EngineOptions, JitOptions, Program, TensorFunction } from './engine.js';
import { openTfjsBackend } from './tfjs-backends.js';

const isHostTensor = (value: unknown): value is HostTensor => value instanceof HostTensor;
const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** The eager engine: the same functions, op by op, on a tfjs backend. */
export async function createEagerEngine(options: EngineOptions): Promise<Engine> {
  if (options.threads !== undefined && options.threads !== 1) {
    throw new UserError(`threads: ${options.threads} is for the compiled engine; the eager engine takes 1`);
  }
  if (options.recompute !== undefined && options.recompute !== 'none') {
    throw new UserError(`recompute: '${options.recompute}' is for the compiled engine; the eager engine takes none`);
  }
  const device = await openTfjsBackend(options.device ?? 'auto');
  const uploads = new Map<HostTensor, tf.Tensor>();

  /** tfjs has one current backend for the whole process: set it around each use. */
  function onDevice<T>(work: () => T): T {
    const previous = tf.getBackend();
    if (previous !== device) tf.setBackend(device);
    try {
      return work();
    } finally {
      if (previous && previous !== device) tf.setBackend(previous);
    }
  }

  function upload(host: HostTensor): tf.Tensor {
    let tensor = uploads.get(host);
    if (!tensor) {
      tensor = tf.keep(tensorOf(host));
      uploads.set(host, tensor);
    }
    return tensor;
  }

  return {
    name: 'eager',
    device,
    jit<F extends TensorFunction>(fn: F, { frozen }: JitOptions<HostOf<Parameters<F>[0]>>) {
      const program = async (...args: unknown[]) =>
        onDevice(() => {
          let results: unknown;
          tf.tidy(() => {
            const inputs = args.map((arg) => mapTree(arg, isHostTensor, (host) => tensorOf(host)));
            // Results are read inside the tidy, so that no tensor outlives the call.
            results = mapTree(fn(mapTree(frozen, isHostTensor, upload), ...inputs), isTensor, toHost);
          });
          return results;
        });
      return Object.assign(program, { dispose: async () => undefined }) as Program<F>;
    },
    async dispose() {
      onDevice(() => uploads.forEach((tensor) => tensor.dispose()));
      uploads.clear();
    },
  };
}

function toHost(tensor: tf.Tensor): HostTensor {
  const values = tensor.dataSync() as TypedData;
  // tfjs's cpu backend casts integers to float32 by name only.
  const data = tensor.dtype === 'float32' ? Float32Array.from(values) : values.slice();
  return new HostTensor(data, tensor.shape, tensor.dtype as DType);
}
