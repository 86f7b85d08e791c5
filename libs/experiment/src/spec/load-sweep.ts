import { basename, dirname, extname, resolve } from 'node:path';
import { messageOf, parseOptions, readBounded, stableHash, UserError, type Json } from '@gmoe/core';
import { isScalar, parseDocument, visit } from 'yaml';
import { isObject, mergeConfig, without, type JsonObject } from './config-path.js';
import { applyOverrides } from './overrides.js';
import { sweepFileSchema, type SweepFile } from './sweep-schema.js';

/** A sweep as merged from its files and overrides, checked except for the trial configs themselves. */
export interface SweepSpec extends Omit<SweepFile, 'extends' | 'name'> {
  readonly name: string;
  /** How messages name its origin: the file as the user wrote it. */
  readonly source: string;
  /** Folders of the files that it came from, its own first: where relative paths begin. Empty if it is in no file. */
  readonly folders: readonly string[];
}

export interface LoadOptions {
  /** `path=value[,value…]` each, laid over the file: one value fixes a field, several make it an axis. */
  readonly set?: readonly string[];
}

/**
 * Reads a sweep file with all that it extends.
 *
 * @throws UserError naming file, field, value and what is allowed.
 */
export function loadSweep(file: string, options: LoadOptions = {}): SweepSpec {
  const folders = new Set<string>();
  const raw = readMerged(file, [], folders);
  return parseSweep(raw, { ...options, source: file, name: basename(file, extname(file)), folders: [...folders] });
}

/** Checks a sweep that is not in a file. `name` and `source` are used where the sweep names none itself. */
export function parseSweep(
  raw: JsonObject,
  options: LoadOptions & { readonly source: string; readonly name: string; readonly folders?: readonly string[] },
): SweepSpec {
  const overridden = applyOverrides(raw, options.set ?? []);
  const spec = without(parseOptions(sweepFileSchema, overridden, options.source), 'extends');
  return { ...spec, name: spec.name ?? nameFor(options.name), source: options.source, folders: options.folders ?? [] };
}

/**
 * The name of a sweep from its file's, whatever script that is written in. Where little is left of it, a digest keeps the
 * folders of two files apart.
 */
export function nameFor(file: string): string {
  const name = file
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}_]+/u, '');
  const lost = file.normalize('NFC').replace(/[\p{L}\p{M}\p{N}._\-\s]/gu, '');
  if (name !== '' && lost === '') return name;
  return `${name || 'sweep'}-${stableHash(file).slice(0, 6)}`;
}

function readMerged(file: string, above: readonly string[], folders: Set<string>): JsonObject {
  const path = resolve(file);
  folders.add(dirname(path));
  if (above.includes(path)) throw new UserError(`${file}: extends: the files extend one another in a circle`);
  const raw = readYaml(file);
  parseOptions(sweepFileSchema, raw, file);
  const parents = typeof raw['extends'] === 'string' ? [raw['extends']] : ((raw['extends'] ?? []) as string[]);
  const own = withPluginPaths(raw, dirname(path));
  const base = parents
    .map((parent) => readMerged(resolve(dirname(path), parent), [...above, path], folders))
    .map((inherited) => without(inherited, 'name'))
    .reduce<Json>((merged, parent) => mergeConfig(merged, parent), {});
  const merged = mergeConfig(base, own) as JsonObject;
  const plugins = [...new Set([base, own].flatMap((each) => (each as SweepFile).plugins ?? []))];
  return plugins.length > 0 ? { ...merged, plugins } : merged;
}

/** Plug-ins' paths mean the file that names them. */
function withPluginPaths(raw: JsonObject, folder: string): JsonObject {
  const { plugins } = raw as SweepFile;
  return plugins ? { ...raw, plugins: plugins.map((each) => (isPath(each) ? resolve(folder, each) : each)) } : raw;
}

/** A file, not the name of a package. */
const isPath = (plugin: string): boolean => /^\.{0,2}\/|\.[cm]?[jt]sx?$/.test(plugin);

function readYaml(file: string): JsonObject {
  const document = parseDocument(readUtf8(file), { prettyErrors: true, logLevel: 'error' });
  const invalid = (problem: string): UserError =>
    new UserError(`${file}: not valid YAML: ${problem.split('\n')[0]!.replace(/:$/, '')}`);
  const problem = document.errors[0];
  if (problem?.code === 'MULTIPLE_DOCS') throw invalid('more than one document (---) in the file');
  if (problem) throw invalid(problem.message);
  // A name `null`, as of an arm without something, is the word: a key of JavaScript's would be the empty text.
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === null) key.value = key.source;
    },
  });
  let value: unknown;
  try {
    value = document.toJS() ?? {};
    // Anchors may make a value part of itself.
    JSON.stringify(value);
  } catch (error) {
    // Aliases: to an anchor that is not there, in a circle, or so many that they would fill the memory.
    throw invalid(messageOf(error));
  }
  if (!isObject(value)) throw new UserError(`${file}: a sweep file must be a mapping of fields`);
  refusePrototype(value, file, 0);
  return value;
}

/** More text than any sweep has, bytes. */
const MOST_BYTES = 1 << 21;
const DEEPEST = 200;

/** JavaScript takes the name `__proto__` for something else: what it names would be dropped without a word. */
function refusePrototype(value: unknown, file: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST) throw new UserError(`${file}: is nested more than ${DEEPEST} levels deep`);
  if (Object.hasOwn(value, '__proto__')) throw new UserError(`${file}: the name __proto__ cannot be used`);
  for (const each of Object.values(value)) refusePrototype(each, file, depth + 1);
}

function readUtf8(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readBounded(file, MOST_BYTES);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${file}: is not UTF-8 text; save it in that encoding`);
  }
}
