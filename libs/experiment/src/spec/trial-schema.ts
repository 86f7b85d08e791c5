import { existsSync } from 'node:fs';
import { isAbsolute, resolve as resolvePath } from 'node:path';
import { FIDELITIES, mapPaths, UserError, type ComponentRegistry, type ConfigPath } from '@gmoe/core';
import { z } from 'zod';
import { getPath, type JsonObject } from './config-path.js';
import { trialIdentity, type TrialIdentity } from './identity.js';

/** What a cross-field rule found: the field to change, and why. */
export interface RuleViolation {
  readonly field: string;
  /** What is wrong and what is allowed; the value is added. */
  readonly message: string;
}

/** A rule over several fields of a resolved config: topK ≤ experts, a file that must be there. */
export type TrialRule<Config> = (config: Config) => RuleViolation | undefined;

export interface TrialSchemaParts<Shape extends z.ZodRawShape> {
  /** Schema of each section of the trial config: base, task, adapter, router, coordination, … */
  readonly sections: Shape;
  /** What the sections' components are chosen from. */
  readonly components: ComponentRegistry;
  readonly rules?: readonly TrialRule<z.output<z.ZodObject<Shape>>>[];
  /** sha256 of what the config's paths hold, by section; absent where a config names no files. */
  readonly contents?: (config: z.output<z.ZodObject<Shape>>) => Readonly<Record<string, string>>;
}

/** The trial config's only source of options, defaults and docs. */
export interface TrialSchema<Config extends object = JsonObject> {
  readonly schema: z.ZodType<Config>;
  readonly components: ComponentRegistry;
  /**
   * Fills defaults and checks every field and rule.
   *
   * @param where prefix of messages: file and arm
   * @param folders where relative paths may begin: the folders of the files that name them, nearest first; default: the current one
   * @throws UserError with one line that names field, value and what is allowed.
   */
  resolve(raw: JsonObject, where?: string, folders?: readonly string[]): Config;
  /** What a trial of this resolved config is; reads (cached) digests of its files. */
  identify(config: Config): TrialIdentity;
}

const common = {
  seed: z.int().min(0).default(0).describe('seed of every random stream of the trial'),
};

/** Composes the trial config from the sections that other libs own. `seed` is always there. */
export function createTrialSchema<Shape extends z.ZodRawShape>(
  parts: TrialSchemaParts<Shape>,
): TrialSchema<z.output<z.ZodObject<Shape>> & { readonly seed: number }> {
  type Config = z.output<z.ZodObject<Shape>> & { readonly seed: number };
  const schema = z.strictObject({ ...common, ...parts.sections }) as unknown as z.ZodType<Config>;
  return {
    schema,
    components: parts.components,
    resolve(raw, where = '', folders = []) {
      const fidelity = FIDELITIES.find((each) => each === raw['fidelity']) ?? 'paper';
      const parsed = parts.components.resolve(schema, raw, { fidelity, where });
      const config = mapPaths(schema, parsed, parts.components, (path) => absolutePath(path, folders));
      for (const rule of parts.rules ?? []) {
        const violation = rule(config);
        if (violation) throw violationError(violation, config, where);
      }
      return config;
    },
    identify(config) {
      const contents = parts.contents?.(config) ?? {};
      return trialIdentity(config as unknown as JsonObject, contents, schema, parts.components);
    },
  };
}

/** A relative path at the first of the folders that has it, else at the first; one that is relative to another field stays. */
function absolutePath({ value, options, siblings }: ConfigPath, folders: readonly string[]): string {
  if (isAbsolute(value)) return value;
  if (options.relativeTo !== undefined && typeof siblings[options.relativeTo] === 'string') return value;
  const candidates = [...folders, process.cwd()].map((folder) => resolvePath(folder, value));
  return candidates.find((candidate) => existsSync(candidate)) ?? candidates[0]!;
}

function violationError(violation: RuleViolation, config: object, where: string): UserError {
  const value = getPath(config as JsonObject, violation.field);
  const shown = value === undefined ? '' : ` (got ${JSON.stringify(value)})`;
  return new UserError(`${[where, violation.field].filter(Boolean).join(': ')}: ${violation.message}${shown}`);
}
