import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import { tf } from '../tf.js';
import type { DeviceName } from './engine.js';

type WasmBackend = { setWasmPaths(folder: string): void; version_wasm: string };
type TfjsDevice = 'tensorflow' | 'wasm' | 'cpu';

const require = createRequire(import.meta.url);

/** The npm packages that bring the `tensorflow` backend, the faster first. Both are optional peers. */
export const TENSORFLOW_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What became of one attempt to open a backend. */
export interface BackendProbe {
  readonly device: TfjsDevice;
  readonly ok: boolean;
  /** Version or package if it opened; else why not and what to install. */
  readonly detail: string;
}

/**
 * Opens a tfjs backend. `auto` takes tensorflow where the user installed one of its packages, else wasm, else cpu.
 * @throws UserError with what to install if the backend cannot be opened.
 */
export async function openTfjsBackend(device: DeviceName): Promise<TfjsDevice> {
  if (device === 'webgpu' || device === 'cuda') {
    throw new UserError(`device: '${device}' is for --engine compiled; the eager engine has tensorflow, wasm, cpu`);
  }
  const wanted: readonly TfjsDevice[] = device === 'auto' ? ['tensorflow', 'wasm', 'cpu'] : [device];
  let last: BackendProbe | undefined;
  for (const name of wanted) {
    last = await probeTfjsBackend(name);
    if (last.ok) return name;
  }
  throw new UserError(`device: '${device}' cannot be used: ${last?.detail}`);
}

/** Tries to open one backend and leaves the current backend as it was. */
export async function probeTfjsBackend(device: TfjsDevice): Promise<BackendProbe> {
  const previous = tf.getBackend();
  try {
    const detail = await load(device);
    if (!(await tf.setBackend(device))) throw new Error(`tfjs could not initialise the '${device}' backend`);
    await tf.ready();
    computes(detail);
    return { device, ok: true, detail };
  } catch (error) {
    return { device, ok: false, detail: messageOf(error) };
  } finally {
    if (previous) await tf.setBackend(previous);
  }
}

/** A backend may open and not compute: tfjs-node 4.22 calls a function in every operation that Node 23 removed. */
function computes(detail: string): void {
  try {
    const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()[0]);
    if (product !== 11) throw new Error(`1 x 3 + 2 x 4 is ${product} there`);
  } catch (error) {
    const reason = messageOf(error);
    const advice = reason.includes('isNullOrUndefined')
      ? `; it needs Node 22 or older (this is ${process.version})`
      : '';
    throw new Error(`${detail} opens and does not compute: ${reason}${advice}`, { cause: error });
  }
}

async function load(device: TfjsDevice): Promise<string> {
  if (device === 'cpu') return `tfjs ${tf.version_core}`;
  if (device === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm') as WasmBackend;
    wasm.setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
    return `@tensorflow/tfjs-backend-wasm ${wasm.version_wasm}`;
  }
  for (const name of TENSORFLOW_PACKAGES) {
    try {
      require.resolve(name);
    } catch {
      continue;
    }
    try {
      require(name);
      return name;
    } catch (error) {
      throw new Error(`${name} is installed but does not load: ${messageOf(error)}`, { cause: error });
    }
  }
  throw new Error(`no package for it; install one: npm install ${TENSORFLOW_PACKAGES.join(' (CUDA 11) or ')}`);
}
