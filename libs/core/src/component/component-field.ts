import { z } from 'zod';
import type { Applicability } from './applicability.js';
import type { ComponentKind } from './kind.js';
import { SchemaNotes } from './schema-notes.js';

// Zod's wrappers make new schemas around one: these belong to the innermost.
const kinds = new SchemaNotes<ComponentKind>();
const defaultIds = new SchemaNotes<string>();
const applicability = new SchemaNotes<Applicability>();

/**
 * An option that holds a component: `{ id, ...options }`. The registry checks the options against the chosen component's
 * schema. Descriptions, defaults and `nullable` go around it.
 *
 * @param defaultId the component that options without an id are of
 */
export function componentField(kind: ComponentKind, defaultId?: string) {
  const id = z.string().describe(`which ${kind.label}`);
  const field = z.looseObject({
    id: (defaultId === undefined ? id : id.default(defaultId)) as z.ZodType<string, string>,
  });
  kinds.set(field, kind);
  if (defaultId !== undefined) defaultIds.set(field, defaultId);
  return field;
}

/** The kind of component that a field holds; undefined for any other schema. */
export function fieldKind(schema: z.core.$ZodType): ComponentKind | undefined {
  return kinds.get(schema);
}

/** The id that a component field has where none is written. */
export function fieldDefaultId(schema: z.core.$ZodType): string | undefined {
  return defaultIds.get(schema);
}

/** Says of the options of a plain section (not a component's, which has `appliesWhen`) beside which others they apply. */
export function withApplicability<Schema extends z.ZodObject>(
  schema: Schema,
  appliesWhen: Applicability<z.output<Schema>>,
): Schema {
  applicability.set(schema, appliesWhen);
  return schema;
}

export function sectionApplicability(schema: z.core.$ZodType): Applicability | undefined {
  return applicability.get(schema);
}
