import { FIDELITIES, mapPaths, stableHash, withoutDefaults, type ComponentRegistry, type Json } from '@gmoe/core';
import type { z } from 'zod';
import { isObject, without, type JsonObject } from './config-path.js';

/**
 * What does not change what a trial is: where it computes, and how often it saves itself. (Engines agree to rounding
 * only; whoever compares engines runs one sweep for each.)
 */
export const NON_SEMANTIC_PATHS: readonly string[] = ['engine', 'training.checkpointEvery'];

/** The rules by which identities are made; part of each. */
const RULES = 2;

/** What a trial is: its hash is the sha256 of this in canonical JSON. */
export interface TrialIdentity {
  readonly rules: typeof RULES;
  /** The resolved config without what stands at its default, without paths, without what does not matter. */
  readonly config: JsonObject;
  /** sha256 of what the config's paths hold: `base`, `task`. */
  readonly contents: Readonly<Record<string, string>>;
}

/**
 * The identity of a resolved config. Options at their defaults are left out, so that an option that is added later leaves it
 * as it is; a changed default needs a new `revision` of its component. Paths are left out: their contents count.
 */
export function trialIdentity(
  config: JsonObject,
  contents: Readonly<Record<string, string>>,
  schema: z.ZodType,
  components: ComponentRegistry,
): TrialIdentity {
  const fidelity = FIDELITIES.find((each) => each === config['fidelity']) ?? 'paper';
  const placeless = mapPaths(schema, config, components, () => '(path)');
  const semantic = NON_SEMANTIC_PATHS.reduce<JsonObject>((rest, path) => withoutPath(rest, path), placeless);
  return {
    rules: RULES,
    config: { ...(withoutDefaults(schema, semantic, components, fidelity) as JsonObject), seed: config['seed'] },
    contents,
  };
}

/** Identity of an arm: the same without the seed. */
export function groupIdentity({ config, ...identity }: TrialIdentity): TrialIdentity {
  return { ...identity, config: without(config, 'seed') };
}

export function identityHash(identity: TrialIdentity): string {
  return stableHash(identity as unknown as Json);
}

function withoutPath(config: JsonObject, path: string): JsonObject {
  const [key, ...rest] = path.split('.') as [string, ...string[]];
  if (rest.length === 0) return without(config, key);
  const child = config[key];
  return isObject(child) ? { ...config, [key]: withoutPath(child, rest.join('.')) } : config;
}

/** Two values are the same once canonical. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || stableHash(a) === stableHash(b);
}
