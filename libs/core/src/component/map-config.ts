import { z } from 'zod';
import { fieldKind } from './component-field.js';
import type { ComponentRegistry } from './component-registry.js';
import { isRecord } from './is-record.js';
import { pathFieldOptions, type PathFieldOptions } from './path-field.js';
import { innerSchema } from './resolve-config.js';

/** A path field's value within a config. */
export interface ConfigPath {
  readonly value: string;
  /** Dotted, from the config's root. */
  readonly field: string;
  readonly options: PathFieldOptions;
  /** The object that holds the field. */
  readonly siblings: Readonly<Record<string, unknown>>;
}

/** A config in which every path (of `pathField`, its exceptions left out) is replaced, at every depth. */
export function mapPaths<T>(
  schema: z.core.$ZodType,
  config: T,
  registry: ComponentRegistry,
  replace: (path: ConfigPath) => unknown,
): T {
  return map(schema, config, registry, replace, '', {}) as T;
}

function map(
  schema: z.core.$ZodType,
  value: unknown,
  registry: ComponentRegistry,
  replace: (path: ConfigPath) => unknown,
  field: string,
  siblings: Readonly<Record<string, unknown>>,
): unknown {
  if (value === null || value === undefined) return value;
  const options = pathFieldOptions(schema);
  if (options) {
    const isPath = typeof value === 'string' && !options.except?.includes(value);
    return isPath ? replace({ value, field, options, siblings }) : value;
  }
  const kind = fieldKind(schema);
  if (kind) {
    if (!isRecord(value) || typeof value['id'] !== 'string' || !registry.has(kind, value['id'])) return value;
    const component = registry.get(kind, value['id']);
    return { ...(map(component.options, value, registry, replace, field, siblings) as object), id: value['id'] };
  }
  if (schema instanceof z.ZodObject) {
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => {
        const inner = schema.shape[name] as z.core.$ZodType | undefined;
        const below = field === '' ? name : `${field}.${name}`;
        return [name, inner ? map(inner, each, registry, replace, below, value) : each];
      }),
    );
  }
  if (schema instanceof z.ZodArray) {
    if (!Array.isArray(value)) return value;
    return value.map((each, i) => map(schema.element, each, registry, replace, `${field}.${i}`, siblings));
  }
  const inner = innerSchema(schema, value);
  return inner ? map(inner, value, registry, replace, field, siblings) : value;
}
