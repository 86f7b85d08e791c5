import { didYouMean, parseOptions, UserError, type Json } from '@gmoe/core';
import { z } from 'zod';
import { getPath, isObject, mergeConfig, type JsonObject } from './config-path.js';

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
  /** Values laid under what the user wrote, chosen by what the user wrote: the defaults of a fidelity. */
  readonly defaults?: (raw: JsonObject) => JsonObject;
  readonly rules?: readonly TrialRule<z.output<z.ZodObject<Shape>>>[];
}

/** The trial config's only source of options, defaults and docs. */
export interface TrialSchema<Config extends object = JsonObject> {
  readonly schema: z.ZodType<Config>;
  /**
   * Fills defaults and checks every field and rule.
   *
   * @param where prefix of messages: file and arm
   * @throws UserError with one line that names field, value and what is allowed.
   */
  resolve(raw: JsonObject, where?: string): Config;
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
    resolve(raw, where = '') {
      const filled = parts.defaults ? (layDefaults(parts.defaults(raw), raw) as JsonObject) : raw;
      const config = parseOptions(schema, filled, where);
      for (const rule of parts.rules ?? []) {
        const violation = rule(config);
        if (violation) throw violationError(violation, config, where);
      }
      return config;
    },
  };
}

/** `mergeConfig`, and through lists as well: the defaults of a list (coordination strategies) are those of its elements. */
function layDefaults(defaults: Json | undefined, raw: Json | undefined): Json {
  if (Array.isArray(defaults) && Array.isArray(raw) && defaults.length === raw.length) {
    return raw.map((element, i) => layDefaults(defaults[i] as Json, element as Json));
  }
  if (!isObject(defaults) || !isObject(raw)) return mergeConfig(defaults, raw);
  const below = Object.keys(raw).flatMap((key) =>
    raw[key] === undefined ? [] : [[key, layDefaults(defaults[key], raw[key])]],
  );
  return mergeConfig(defaults, Object.fromEntries(below) as JsonObject);
}

function violationError(violation: RuleViolation, config: object, where: string): UserError {
  const value = getPath(config as JsonObject, violation.field);
  const shown = value === undefined ? '' : ` (got ${JSON.stringify(value)})`;
  return new UserError(`${[where, violation.field].filter(Boolean).join(': ')}: ${violation.message}${shown}`);
}

/** The part of a registry's entry that the schema needs: routers, coordination strategies, selectors. */
export interface ComponentDefinition {
  readonly id: string;
  readonly options: z.ZodType;
  /** Options that differ from the schema's defaults under a fidelity. */
  readonly fidelity?: Readonly<Partial<Record<string, JsonObject>>> | undefined;
}

/**
 * One of several components, told apart by `id`; each with its own options.
 *
 * @param kind what they are, in the singular: `router`
 * @throws Error if a definition's options are not an object schema.
 */
export function componentUnion(kind: string, definitions: readonly ComponentDefinition[]): z.ZodType<{ id: string }> {
  const options = definitions.map((definition) => {
    if (!(definition.options instanceof z.ZodObject)) {
      throw new Error(`${kind} '${definition.id}': its options must be a z.strictObject`);
    }
    return definition.options.safeExtend({ id: z.literal(definition.id).describe(`the ${kind}`) });
  });
  const known = definitions.map((definition) => definition.id);
  const union = z.discriminatedUnion('id', options as unknown as [z.ZodObject<{ id: z.ZodLiteral<string> }>], {
    error: (issue) => {
      if (issue.code !== 'invalid_union') return undefined;
      const id = isObject(issue.input) ? issue.input['id'] : undefined;
      return `unknown ${kind}; ${typeof id === 'string' ? didYouMean(id, known) : ''}known: ${known.join(', ')}`;
    },
  });
  return union as unknown as z.ZodType<{ id: string }>;
}

/** The defaults that a fidelity gives to one chosen component, or to each of a list of them. */
export function fidelityOptions(
  fidelity: string,
  definitions: readonly ComponentDefinition[],
  chosen: Json | undefined,
): Json | undefined {
  if (Array.isArray(chosen)) {
    return chosen.map((element) => fidelityOptions(fidelity, definitions, element as Json) ?? null);
  }
  if (!isObject(chosen)) return undefined;
  const defaults = definitions.find((definition) => definition.id === chosen['id'])?.fidelity?.[fidelity];
  return defaults ? { id: chosen['id'], ...defaults } : undefined;
}
