import type { Json } from '@gmoe/core';
import { getPath, setPaths, without, type JsonObject } from './config-path.js';
import type { Choice } from './expand.js';
import { sameJson } from './identity.js';

type Condition = Readonly<Record<string, unknown>>;
type Resolve = (raw: JsonObject) => JsonObject;

/** Lays choices onto a config; the order in which they are listed does not matter. */
export function applyChoices(config: JsonObject, choices: readonly Choice[]): JsonObject {
  const values = Object.assign({}, ...choices.map((choice) => choice.set)) as Record<string, Json>;
  return setPaths(config, without(values, 'preset'));
}

/**
 * Drops the conditional axes whose condition does not hold. Conditions may rest on other conditional axes; which come
 * first in the file does not matter.
 */
export function activeChoices(
  config: JsonObject,
  choices: readonly Choice[],
  when: Readonly<Record<string, Condition>>,
  resolve: Resolve,
): Choice[] {
  const conditionOf = (choice: Choice): Condition | undefined => {
    const own = Object.keys(choice.set).flatMap((path) => when[path] ?? []);
    return own.length > 0 ? (Object.assign({}, ...own) as Condition) : undefined;
  };
  const active = new Set(choices.filter((choice) => !conditionOf(choice)));
  let pending = choices.filter((choice) => !active.has(choice));
  for (let settled = false; !settled;) {
    const current = applyChoices(config, [...active]);
    const holding = pending.filter((choice) => matches(current, [...active], conditionOf(choice)!, resolve));
    for (const choice of holding) active.add(choice);
    pending = pending.filter((choice) => !active.has(choice));
    settled = holding.length === 0 || pending.length === 0;
  }
  return choices.filter((choice) => active.has(choice));
}

/** Whether one of the conditions matches in all its paths. */
export function excluded(
  config: JsonObject,
  choices: readonly Choice[],
  conditions: readonly Condition[],
  resolve: Resolve,
): boolean {
  return conditions.some((condition) => matches(config, choices, condition, resolve));
}

function matches(config: JsonObject, choices: readonly Choice[], condition: Condition, resolve: Resolve): boolean {
  let resolved: JsonObject | undefined;
  return Object.entries(condition).every(([path, allowed]) => {
    const values = (Array.isArray(allowed) ? allowed : [allowed]) as Json[];
    const name = choices.find((choice) => choice.axis === path)?.value;
    const value = getPath(config, path) ?? getPath((resolved ??= resolve(config)), path);
    return values.some((one) => sameJson(one, value) || sameJson(one, name)) || sameJson(allowed as Json, value);
  });
}
