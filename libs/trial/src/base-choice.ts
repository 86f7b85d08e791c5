import { canonicalJson, pathField, UserError } from '@gmoe/core';
import type { JsonObject, TrialRule } from '@gmoe/experiment';
import { STORED_WEIGHTS, type StoredWeights } from '@gmoe/model';
import type { DeviceName } from '@gmoe/tensor';
import { z } from 'zod';
import { isAccelerator } from './accelerator.js';

/** A base model and how its weights are held. A name or path alone means float32. */
export type BaseChoice = string | { readonly path: string; readonly weights: StoredWeights };

const EXCEPT = ['bundled'];

/** The `base` field of a config. */
export const baseField = z.union([
  pathField({ except: EXCEPT }),
  z.strictObject({
    path: pathField({ except: EXCEPT })
      .default('bundled')
      .describe('bundled, a folder in Hugging Face layout, or a GGUF file'),
    weights: z
      .enum(STORED_WEIGHTS)
      .default('float32')
      .describe(
        "int8: the linear layers' matrices in 8 bits with a scale by output channel, a quarter of the memory; embeddings, head and norms stay float32",
      ),
  }),
]);

/** The name or path of a base. */
export function basePlace(base: BaseChoice): string {
  return typeof base === 'string' ? base : base.path;
}

/** How a base's weights are held. */
export function storedWeights(base: BaseChoice): StoredWeights {
  return typeof base === 'string' ? 'float32' : base.weights;
}

/** A choice as text: what baselines are told apart by. */
export function baseLabel(base: BaseChoice): string {
  return typeof base === 'string' ? base : canonicalJson(base);
}

/** The shortest form of a choice: float32 weights are not said. */
export function baseChoice(path: string, weights: StoredWeights = 'float32'): BaseChoice {
  return weights === 'float32' ? path : { path, weights };
}

/** The choice of a resolved or stored config; undefined where it is none. */
export function baseOfConfig(config: JsonObject): BaseChoice | undefined {
  const found = baseField.safeParse(config['base']);
  return found.success ? found.data : undefined;
}

/** A trial config whose base is in its shortest form, so that both ways to write the same are one trial. */
export function withShortBase(config: JsonObject): JsonObject {
  const { base } = config;
  if (typeof base !== 'object' || base === null || Array.isArray(base)) return config;
  const { path = 'bundled', weights = 'float32', ...others } = base as JsonObject;
  return weights === 'float32' && typeof path === 'string' && Object.keys(others).length === 0
    ? { ...config, base: path }
    : config;
}

const ON_DEVICE = 'weights in 8 bits are for the cpu and the eager engine; this device holds float32';

/** Whether the device takes the base as it is held. */
export const weightsFitDevice: TrialRule<{
  readonly base: BaseChoice;
  readonly engine: { readonly device: string };
}> = ({ base, engine: { device } }) =>
  storedWeights(base) === 'int8' && isAccelerator(device)
    ? { field: 'base.weights', message: `must be float32 on engine.device ${device}: ${ON_DEVICE}` }
    : undefined;

/** @throws UserError if a device of the command line does not take them */
export function checkWeightsFit(base: BaseChoice, device: DeviceName | undefined): void {
  if (device === undefined || storedWeights(base) !== 'int8' || !isAccelerator(device)) return;
  throw new UserError(`--device ${device}: ${ON_DEVICE}`);
}
