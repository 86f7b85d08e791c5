import { messageOf, UserError } from '@gmoe/core';
import { HostTensor } from '../host-tensor.js';
import { nameInputs, namedInputs, OutputRef, trace } from '../trace/trace.js';
import { mapTree, type HostOf, type Tree } from '../tree.js';
import type { Engine, EngineOptions, JitOptions, Program, TensorFunction } from './engine.js';
import { ort } from './onnx-runtime.js';
import { fromOrtTensor, openSession, toOrtTensor, type SessionSettings } from './session.js';

const isHostTensor = (value: unknown): value is HostTensor => value instanceof HostTensor;
const isOutput = (value: unknown): value is OutputRef => value instanceof OutputRef;

/** One traced graph: for one combination of argument shapes. */
interface Compiled {
  readonly session: ort.InferenceSession;
  release(): Promise<void>;
  readonly inputs: ReadonlySet<string>;
  readonly result: Tree<OutputRef>;
}

/** The compiled engine: a function becomes one ONNX graph, which ONNX Runtime runs. */
export async function createCompiledEngine(options: EngineOptions): Promise<Engine> {
  const provider = await chooseProvider(options);
  const threads = options.threads ?? 1;
  if (!Number.isInteger(threads) || threads < 1) throw new UserError(`threads: ${threads} is not a positive integer`);
  const { recompute = 'none' } = options;
  // Elsewhere ONNX Runtime's optimiser would join again what is computed twice.
  if (recompute !== 'none' && provider !== 'cpu') {
    throw new UserError(`recompute: must be none on device ${provider}, not '${recompute}'; the cpu recomputes`);
  }
  const settings: SessionSettings = {
    provider,
    threads,
    ...(options.profilePrefix ? { profilePrefix: options.profilePrefix } : {}),
  };
  /** Frozen weights as ONNX Runtime sees them, one for all programs. */
  const shared = new Map<HostTensor, ort.Tensor>();
  const open = new Set<{ dispose(): Promise<void> }>();

  function share(host: HostTensor): ort.Tensor {
    let tensor = shared.get(host);
    if (!tensor) {
      tensor = toOrtTensor(host);
      shared.set(host, tensor);
    }
    return tensor;
  }

  async function compile(fn: TensorFunction, frozen: unknown, args: readonly unknown[]): Promise<Compiled> {
    const named = [
      nameInputs(frozen, 'frozen', isHostTensor),
      ...args.map((arg, i) => nameInputs(arg, `arg${i}`, isHostTensor)),
    ];
    const { model, result } = trace(fn, named, recompute);
    const weights = new Map(namedInputs(frozen, 'frozen', isHostTensor).map(({ name, host }) => [name, host]));
    const { session, release } = await openSession(model, weights, settings);
    return { session, release, inputs: new Set(session.inputNames), result };
  }

  return {
    name: 'compiled',
    device: provider,
    jit<F extends TensorFunction>(fn: F, { frozen }: JitOptions<HostOf<Parameters<F>[0]>>) {
      const variants = new Map<string, Promise<Compiled>>();
      const weights = namedInputs(frozen, 'frozen', isHostTensor);
      const program = async (...args: unknown[]) => {
        const inputs = args.flatMap((arg, i) => namedInputs(arg, `arg${i}`, isHostTensor));
        const signature = inputs.map(({ name, host }) => `${name}:${host.dtype}[${host.shape.join()}]`).join(';');
        let variant = variants.get(signature);
        if (!variant) {
          variant = compile(fn, frozen, args);
          variants.set(signature, variant);
          variant.catch(() => variants.delete(signature));
        }
        const { session, inputs: wanted, result } = await variant;
        const feeds: Record<string, ort.Tensor> = {};
        for (const { name, host } of weights) if (wanted.has(name)) feeds[name] = share(host);
        for (const { name, host } of inputs) if (wanted.has(name)) feeds[name] = toOrtTensor(host);
        const outputs = await session.run(feeds);
        return mapTree(result, isOutput, ({ name }) => fromOrtTensor(outputs[name]!));
      };
      const compiled = Object.assign(program, {
        async dispose() {
          open.delete(compiled);
          const sessions = await Promise.allSettled(variants.values());
          variants.clear();
          for (const outcome of sessions) if (outcome.status === 'fulfilled') await outcome.value.release();
        },
      }) as unknown as Program<F>;
      open.add(compiled);
      return compiled;
    },
    async dispose() {
      for (const program of open) await program.dispose();
      shared.clear();
    },
  };
}

type Provider = SessionSettings['provider'];

async function chooseProvider({ device = 'auto' }: EngineOptions): Promise<Provider> {
  if (device === 'auto') return 'cpu';
  if (device === 'tensorflow' || device === 'wasm') {
    throw new UserError(`device: '${device}' is for --engine eager; the compiled engine has cpu, webgpu, cuda`);
  }
  const probe = await probeProvider(device);
  if (!probe.ok) throw new UserError(`device: '${device}' cannot be used: ${probe.detail}`);
  return device;
}

/** Whether an execution provider runs a graph here; if not, why and what to install. */
export async function probeProvider(provider: Provider): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const supported = ort.listSupportedBackends().some(({ name }) => name === provider);
  if (!supported) return { ok: false, detail: `onnxruntime-node has no '${provider}' provider on ${process.platform}` };
  try {
    const { model } = trace(
      (x: { mul(y: number): unknown }) => x.mul(2),
      [nameInputs(HostTensor.float([1, 2]), 'x', isHostTensor)],
    );
    const { session, release } = await openSession(model, new Map(), { provider, threads: 1 });
    await session.run({ x: toOrtTensor(HostTensor.float([1, 2])) });
    await release();
    return { ok: true, detail: `onnxruntime-node ${ort.env.versions.node}` };
  } catch (error) {
    return { ok: false, detail: `${oneLine(messageOf(error))}. ${REMEDY[provider]}` };
  }
}

const REMEDY: Record<Provider, string> = {
  cpu: 'Reinstall onnxruntime-node',
  webgpu: 'It needs a GPU with a Vulkan, Metal or Direct3D 12 driver',
  cuda: 'It needs an NVIDIA GPU, CUDA with cuDNN, and the add-on: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12',
};

/** A native error's own words: without the source position, the failed assertion and line breaks. */
function oneLine(text: string): string {
  const words = text
    .replace(/\s+/g, ' ')
    .replace(/^\/onnxruntime_src\/.* was false\. /, '')
    .trim();
  const line = words.replace(/\.$/, '');
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}
