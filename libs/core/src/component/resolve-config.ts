import { z } from 'zod';
import type { Fidelity } from '../fidelity.js';
import { parseOptions } from '../parse-options.js';
import { UserError } from '../user-error.js';
import { whyNotApplicable, type Applicability } from './applicability.js';
import type { Component } from './component.js';
import { fieldKind, sectionApplicability } from './component-field.js';
import { isRecord } from './is-record.js';
import type { ComponentKind } from './kind.js';

export interface ResolveOptions {
  /** Whose defaults are meant where they differ. Default `paper`. */
  readonly fidelity?: Fidelity;
  /** Prefix of messages: file and arm. */
  readonly where?: string;
}

interface Resolution {
  readonly find: (kind: ComponentKind, id: string, field: string) => Component;
  readonly fidelity: Fidelity;
  readonly where: string;
}

type Path = readonly PropertyKey[];

/**
 * A config with every default filled in, at every depth: fields that hold a component are checked against that
 * component's options, with what the fidelity sets under what is written. Options that do not apply are left out; those
 * that were written are refused.
 *
 * @param find gives the component of an id, or throws naming the field
 * @throws UserError naming the field, the value and what is allowed
 */
export function resolveConfig<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  find: Resolution['find'],
  { fidelity = 'paper', where = '' }: ResolveOptions = {},
): z.output<Schema> {
  const parsed = parseOptions(schema, raw, where);
  return complete(schema, parsed, raw, [], { find, fidelity, where }) as z.output<Schema>;
}

/** One component's options (without its id), resolved. */
export function resolveComponentOptions(
  component: Component,
  raw: unknown,
  find: Resolution['find'],
  options: ResolveOptions = {},
): Record<string, unknown> {
  return componentOptions(component, raw, [], { fidelity: 'paper', where: '', ...options, find });
}

function componentOptions(component: Component, raw: unknown, path: Path, resolution: Resolution) {
  const laid = isRecord(raw) ? { ...component.fidelity?.[resolution.fidelity], ...raw } : raw;
  const parsed = parseOptions(component.options, laid, resolution.where, path);
  return completeObject(component.options, parsed, raw, path, resolution, component.appliesWhen);
}

/** What `parsed` lacks below fields that hold components. `raw` is what was written at the same place. */
function complete(schema: z.core.$ZodType, parsed: unknown, raw: unknown, path: Path, resolution: Resolution): unknown {
  const kind = fieldKind(schema);
  if (kind) {
    if (!isRecord(parsed)) return parsed;
    const { id, ...options } = parsed;
    const component = resolution.find(kind, String(id), fieldName([...path, 'id'], resolution.where));
    return { id, ...componentOptions(component, options, path, resolution) };
  }
  if (schema instanceof z.ZodObject) {
    return isRecord(parsed)
      ? completeObject(schema, parsed, raw, path, resolution, sectionApplicability(schema))
      : parsed;
  }
  if (schema instanceof z.ZodArray) {
    if (!Array.isArray(parsed)) return parsed;
    const written: readonly unknown[] = Array.isArray(raw) ? raw : [];
    return parsed.map((element, i) => complete(schema.element, element, written[i], [...path, i], resolution));
  }
  const inner = innerSchema(schema, parsed);
  return inner ? complete(inner, parsed, raw, path, resolution) : parsed;
}

function completeObject(
  schema: z.ZodObject,
  parsed: Readonly<Record<string, unknown>>,
  raw: unknown,
  path: Path,
  resolution: Resolution,
  appliesWhen: Applicability | undefined,
): Record<string, unknown> {
  const written = isRecord(raw) ? raw : {};
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parsed)) {
    const why = whyNotApplicable(appliesWhen, key, parsed);
    if (why && written[key] !== undefined) {
      throw new UserError(`${fieldName([...path, key], resolution.where)}: ${why}; leave it out`);
    }
    const field = schema.shape[key] as z.ZodType | undefined;
    if (!why) out[key] = field ? complete(field, value, written[key], [...path, key], resolution) : value;
  }
  return out;
}

/** What an optional, nullable, defaulted or read-only schema is around; undefined for any other. */
export function wrappedSchema(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  return schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
    ? schema.def.innerType
    : undefined;
}

/** What a wrapper holds; of a union the member that can hold the value. */
export function innerSchema(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  const wrapped = wrappedSchema(schema);
  if (wrapped) return value === null || value === undefined ? undefined : wrapped;
  if (schema instanceof z.ZodPipe) return schema.def.in;
  if (schema instanceof z.ZodLazy) return schema.def.getter();
  if (schema instanceof z.ZodUnion) {
    const fits = (option: z.core.$ZodType) => option instanceof z.ZodType && option.safeParse(value).success;
    return schema.def.options.find((option) => option instanceof z.ZodObject === isRecord(value) && fits(option));
  }
  return undefined;
}

function fieldName(path: Path, where: string): string {
  return [where, path.map(String).join('.')].filter(Boolean).join(': ');
}
