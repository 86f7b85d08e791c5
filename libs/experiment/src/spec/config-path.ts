import { UserError, type Json } from '@gmoe/core';

export type JsonObject = { readonly [key: string]: Json | undefined };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Lays `over` onto `base`: objects merge key by key, everything else is replaced. An object with another `id` replaces
 * the whole section, since the options of one router mean nothing to another.
 */
export function mergeConfig(base: Json | undefined, over: Json | undefined): Json {
  if (over === undefined) return base ?? null;
  if (!isObject(base) || !isObject(over)) return over;
  if (over['id'] !== undefined && base['id'] !== undefined && over['id'] !== base['id']) return over;
  const merged: Record<string, Json | undefined> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value !== undefined) merged[key] = mergeConfig(base[key], value);
  }
  return merged;
}

/** The object without one of its keys. */
export function without<T extends object>(object: T, key: string): T {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key)) as T;
}

/** The value at a dotted path; list elements by index or by their `id` (`coordination.poisson.coefficient`). */
export function getPath(config: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((node, key) => {
    if (Array.isArray(node)) return node[elementIndex(node, key)] as Json | undefined;
    return isObject(node) ? node[key] : undefined;
  }, config);
}

/**
 * The config with a value laid at a dotted path. Choosing another `id` drops the options of the former one.
 *
 * @throws UserError if the path leads through a plain value, or to a list element that is not there.
 */
export function setPath(config: JsonObject, path: string, value: Json): JsonObject {
  return assign(config, path.split('.'), value, path) as JsonObject;
}

function assign(node: Json | undefined, keys: readonly string[], value: Json, path: string): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return mergeConfig(node, value);
  if (Array.isArray(node)) {
    const index = elementIndex(node, key);
    if (index < 0) throw new UserError(`${path}: the list has no element '${key}'${present(node)}`);
    return node.with(index, assign(node[index] as Json, rest, value, path)) as Json;
  }
  if (node !== undefined && node !== null && !isObject(node)) {
    throw new UserError(`${path}: '${key}' lies below a plain value (${JSON.stringify(node)})`);
  }
  const object = isObject(node) ? node : {};
  if (key === 'id' && rest.length === 0 && object['id'] !== undefined && object['id'] !== value) return { id: value };
  return { ...object, [key]: assign(object[key], rest, value, path) };
}

function elementIndex(list: readonly Json[], key: string): number {
  if (/^\d+$/.test(key)) return Number(key) < list.length ? Number(key) : -1;
  return list.findIndex((element) => isObject(element) && element['id'] === key);
}

function present(list: readonly Json[]): string {
  const ids = list.flatMap((element) =>
    isObject(element) && typeof element['id'] === 'string' ? [element['id']] : [],
  );
  return ids.length > 0 ? `; it has: ${ids.join(', ')}` : ' (it is empty)';
}

/**
 * Lays several values in an order that does not depend on how they were listed: shallow paths first, and `id` before
 * the options that belong to it.
 */
export function setPaths(config: JsonObject, values: Readonly<Record<string, Json>>): JsonObject {
  const rank = (path: string): number => path.split('.').length * 2 - (/(^|\.)id$/.test(path) ? 1 : 0);
  return Object.keys(values)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .reduce((current, path) => setPath(current, path, values[path]!), config);
}
