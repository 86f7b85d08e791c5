import { stableHash, type Json } from '@gmoe/core';
import { FORMAT_VERSION } from '../records/index.js';
import { getPath, isObject, without, type JsonObject } from './config-path.js';

/**
 * What does not change what a trial is: where it computes, and how often it saves itself. (Engines agree to rounding
 * only; whoever compares engines runs one sweep for each.)
 */
export const NON_SEMANTIC_PATHS: readonly string[] = ['engine', 'training.checkpointEvery'];

/**
 * Options that came later, with the value that trials before them had: with it they are left out, so that no old trial becomes
 * another.
 */
const LATER_OPTIONS: readonly (readonly [path: string, before: Json])[] = [
  ['compute', 'float32'],
  ['adapter.lora.layers', null],
  ['adapter.lora.rankPattern', {}],
  ['adapter.lora.alphaPattern', {}],
  ['adapter.lora.modulesToSave', []],
  ['adapter.mixture.routing', 'block'],
];

/** Adapters as configs had them before they were components: plain LoRA beside a mixture, without an id. */
function withFormerAdapter(config: JsonObject): JsonObject {
  const { adapter } = config;
  if (!isObject(adapter)) return config;
  const options = without(adapter, 'id');
  if (adapter['id'] === 'moe-lora') return { ...config, adapter: options };
  return adapter['id'] === 'lora' ? { ...config, adapter: { lora: options, mixture: null } } : config;
}

function identify(resolved: JsonObject, leftOut: readonly string[]): string {
  const config = withFormerAdapter(resolved);
  const asBefore = LATER_OPTIONS.flatMap(([path, before]) => (sameJson(getPath(config, path), before) ? [path] : []));
  const semantic = [...leftOut, ...asBefore].reduce<JsonObject>((rest, path) => withoutPath(rest, path), config);
  return stableHash({ formatVersion: FORMAT_VERSION, config: semantic });
}

function withoutPath(config: JsonObject, path: string): JsonObject {
  const [key, ...rest] = path.split('.') as [string, ...string[]];
  if (rest.length === 0) return without(config, key);
  const child = config[key];
  return isObject(child) ? { ...config, [key]: withoutPath(child, rest.join('.')) } : config;
}

/** Identity of a trial: sha256 of its canonical resolved config and the format's version, in hexadecimal. */
export function trialHash(config: JsonObject): string {
  return identify(config, NON_SEMANTIC_PATHS);
}

/** Identity of an arm: the same without the seed. */
export function groupHash(config: JsonObject): string {
  return identify(config, [...NON_SEMANTIC_PATHS, 'seed']);
}

/** Two values are the same once canonical. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || stableHash(a) === stableHash(b);
}
