import { UserError, type Json } from '@gmoe/core';
import { parseDocument, visit } from 'yaml';
import { isObject, setPath, without, type JsonObject } from './config-path.js';
import { sweepFileSchema } from './sweep-schema.js';

/**
 * Lays `path=value[,value…]` over a sweep. A path that starts with a field of the sweep (`seeds`, `limits.seconds`)
 * sets that field; any other, `preset` too, is a path into the trial config, with or without `trial.` before it (an object
 * replaces what stands at `trial.PATH`, and is laid over what stands at `PATH`), where one value fixes it (and removes its axis) and several make it an axis. On an axis with named values, names choose among them. An axis with a condition stays an
 * axis also with one value, so that the condition goes on holding.
 */
export function applyOverrides(sweep: JsonObject, overrides: readonly string[]): JsonObject {
  return overrides.reduce(applyOverride, sweep);
}

function applyOverride(sweep: JsonObject, override: string): JsonObject {
  const [, path, text] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(override) ?? [];
  if (path === undefined || text === undefined) {
    throw new UserError(`--set ${override}: must be path=value or path=value,value, like router.density=0.1,0.25`);
  }
  const values = parseValues(text, override);
  const [first, ...rest] = path.split('.');
  if (first === 'trial' && rest.length > 0) return setTrialPath(sweep, rest.join('.'), values, override, replaceAt);
  if (path !== 'preset' && first! in sweepFileSchema.shape) {
    return replaceAt(sweep, path, values.length === 1 ? values[0]! : values);
  }
  return setTrialPath(sweep, path, values, override);
}

function parseValues(text: string, override: string): Json[] {
  const refused = (why: string): UserError =>
    new UserError(
      `--set ${override}: the value is ${why}; quote a text that holds , : # { } [ or ]: ${quoted(override.slice(0, override.indexOf('=')), text)}`,
    );
  const document = parseDocument(`[${text}]`);
  if (document.errors.length > 0) throw refused('not valid YAML');
  // `{text}` is a mapping whose key has no value, which no option is.
  let torn = false;
  visit(document, { Pair: (_, { value }) => void (torn ||= value === null) });
  if (torn) throw refused('taken for a mapping of YAML');
  let values: unknown;
  try {
    values = document.toJS();
  } catch {
    throw refused('not valid YAML');
  }
  if (!Array.isArray(values) || values.length === 0) throw new UserError(`--set ${override}: no value given`);
  return values as Json[];
}

const quoted = (path: string, text: string): string => `--set '${path}=${JSON.stringify(text)}'`;

/**
 * What to say beside an error about a field that an override split at its commas: the commas may have been part of a text.
 * @returns undefined where the error is about another field
 */
export function splitTextHint(message: string, overrides: readonly string[]): string | undefined {
  for (const override of overrides) {
    const [, path, text] = /^(?:trial\.)?([A-Za-z_][\w.-]*)=(.*)$/s.exec(override) ?? [];
    if (path === undefined || text === undefined || !message.includes(`${path}: `)) continue;
    const values = parseValues(text, override);
    if (values.length < 2 || values.some((value) => typeof value !== 'string')) continue;
    return `; a comma in --set divides values: a text that holds one is quoted, ${quoted(path, text)}`;
  }
  return undefined;
}

function setTrialPath(
  sweep: JsonObject,
  path: string,
  values: readonly Json[],
  override: string,
  layObject: typeof replaceAt = setPath,
): JsonObject {
  const paired = (Array.isArray(sweep['paired']) ? sweep['paired'] : []) as readonly Json[];
  if (paired.some((group) => isObject(group) && path in group)) {
    throw new UserError(`--set ${override}: ${path} is one of several paired axes; change it in the file`);
  }
  const grid = isObject(sweep['grid']) ? sweep['grid'] : {};
  const axis = grid[path];
  const otherAxes = without(grid, path);
  const chosen = choose(axis, values, override);
  if (chosen !== undefined) return { ...sweep, grid: { ...grid, [path]: chosen } };
  const conditional = isObject(sweep['when']) && path in sweep['when'];
  if (values.length > 1 || conditional) return { ...sweep, grid: { ...grid, [path]: values } };
  const rest = without(sweep, 'grid');
  const withoutAxis = Object.keys(otherAxes).length > 0 ? { ...rest, grid: otherAxes } : rest;
  if (path === 'preset') return { ...withoutAxis, preset: values[0]! };
  const trial = isObject(sweep['trial']) ? sweep['trial'] : {};
  const [value] = values as [Json];
  return { ...withoutAxis, trial: (isObject(value) ? layObject : setPath)(trial, path, value) };
}

/** The named values that an override picks from a composite axis. */
function choose(axis: Json | undefined, values: readonly Json[], override: string): JsonObject | undefined {
  if (!isObject(axis) || !values.every((value) => typeof value === 'string')) return undefined;
  const unknown = values.find((value) => !(value in axis));
  if (unknown !== undefined) {
    throw new UserError(
      `--set ${override}: the axis has no value named '${unknown}'; it has: ${Object.keys(axis).join(', ')}`,
    );
  }
  return Object.fromEntries(values.map((name) => [name, axis[name]]));
}

function replaceAt(node: JsonObject, path: string, value: Json): JsonObject {
  const [key, ...rest] = path.split('.') as [string, ...string[]];
  if (rest.length === 0) return { ...node, [key]: value };
  const child = node[key];
  return { ...node, [key]: replaceAt(isObject(child) ? child : {}, rest.join('.'), value) };
}
