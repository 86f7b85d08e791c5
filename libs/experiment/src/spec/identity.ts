import { stableHash, type Json } from '@gmoe/core';
import { FORMAT_VERSION } from '../records/index.js';
import type { JsonObject } from './config-path.js';

/**
 * Sections that do not change what a trial is: where it computes. (Engines agree to rounding only; whoever compares
 * engines sweeps them in separate sweeps.)
 */
export const NON_SEMANTIC_SECTIONS: readonly string[] = ['engine'];

function identify(config: JsonObject, leftOut: readonly string[]): string {
  const semantic = Object.fromEntries(Object.entries(config).filter(([key]) => !leftOut.includes(key)));
  return stableHash({ formatVersion: FORMAT_VERSION, config: semantic });
}

/** Identity of a trial: sha256 of its canonical resolved config and the format's version, in hexadecimal. */
export function trialHash(config: JsonObject): string {
  return identify(config, NON_SEMANTIC_SECTIONS);
}

/** Identity of an arm: the same without the seed. */
export function groupHash(config: JsonObject): string {
  return identify(config, [...NON_SEMANTIC_SECTIONS, 'seed']);
}

/** Two values are the same once canonical. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || stableHash(a) === stableHash(b);
}
