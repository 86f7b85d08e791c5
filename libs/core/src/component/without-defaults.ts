import { z } from 'zod';
import { canonicalJson, type Json } from '../canonical-json.js';
import type { Fidelity } from '../fidelity.js';
import { fieldKind } from './component-field.js';
import type { ComponentRegistry } from './component-registry.js';
import { isRecord } from './is-record.js';
import { innerSchema, resolveConfig } from './resolve-config.js';

/**
 * A resolved config without what it would have anyway: options that stand at their default (under this fidelity) are left
 * out, at every depth, components that are the default too. So an option that is added later, at its default, changes nothing.
 */
export function withoutDefaults(
  schema: z.core.$ZodType,
  config: unknown,
  registry: ComponentRegistry,
  fidelity: Fidelity,
): unknown {
  return strip(schema, config, registry, fidelity);
}

function strip(schema: z.core.$ZodType, value: unknown, registry: ComponentRegistry, fidelity: Fidelity): unknown {
  if (value === null || value === undefined) return value;
  const kind = fieldKind(schema);
  if (kind) {
    if (!isRecord(value)) return value;
    const { id, ...options } = value;
    const component = registry.get(kind, String(id));
    const { revision } = component;
    const laid = component.fidelity?.[fidelity] ?? {};
    const own = stripObject(component.options, options, registry, fidelity, laid);
    return { id, ...own, ...(revision === undefined ? {} : { [REVISION]: revision }) };
  }
  if (schema instanceof z.ZodObject) {
    return isRecord(value) ? stripObject(schema, value, registry, fidelity, {}) : value;
  }
  if (schema instanceof z.ZodArray) {
    return Array.isArray(value) ? value.map((each) => strip(schema.element, each, registry, fidelity)) : value;
  }
  const inner = innerSchema(schema, value);
  return inner ? strip(inner, value, registry, fidelity) : value;
}

function stripObject(
  schema: z.ZodObject,
  value: Readonly<Record<string, unknown>>,
  registry: ComponentRegistry,
  fidelity: Fidelity,
  laid: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined) continue;
    const field = schema.shape[name] as z.ZodType | undefined;
    const stripped = field ? strip(field, each, registry, fidelity) : each;
    const atDefault = field !== undefined && same(each, defaultOf(field, laid[name], registry, fidelity));
    if (!atDefault || hasRevision(stripped)) out[name] = stripped;
  }
  return out;
}

const REVISION = '(revision)';

/** Whether a component in it has a revision, which counts also where it is the default. */
function hasRevision(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasRevision);
  return isRecord(value) && (REVISION in value || Object.values(value).some(hasRevision));
}

/** What a field has where it is not written; undefined if it must be. */
function defaultOf(field: z.ZodType, laid: unknown, registry: ComponentRegistry, fidelity: Fidelity): unknown {
  if (!field.safeParse(laid).success) return undefined;
  return resolveConfig(field, laid, registry.find, { fidelity });
}

const same = (a: unknown, b: unknown): boolean =>
  b !== undefined && (a === b || canonicalJson(a as Json) === canonicalJson(b as Json));
