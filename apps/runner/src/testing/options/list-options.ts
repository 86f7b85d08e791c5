import { wrappedSchema, type ComponentRegistry } from '@gmoe/core';
import { z } from 'zod';

/** The fields of a schema by dotted path, those of plain sections within it too; what components hold is listed with them. */
export function optionPaths(schema: z.core.$ZodType, isComponent: (schema: z.core.$ZodType) => boolean): string[] {
  const paths = (each: z.core.$ZodType, path: string): string[] => {
    const inner = unwrapped(each);
    if (isComponent(inner)) return [path];
    if (inner instanceof z.ZodUnion) {
      const sections = inner.def.options.map(unwrapped).filter((option) => option instanceof z.ZodObject);
      return sections.length === 0 || sections.some(isComponent)
        ? [path]
        : sections.flatMap((option) => paths(option, path));
    }
    if (inner instanceof z.ZodArray && unwrapped(inner.element) instanceof z.ZodObject)
      return paths(inner.element, path);
    if (!(inner instanceof z.ZodObject)) return [path];
    return Object.entries<z.core.$ZodType>(inner.shape).flatMap(([name, field]) =>
      paths(field, path === '' ? name : `${path}.${name}`),
    );
  };
  return [...new Set(paths(schema, ''))].filter((path) => path !== '');
}

/** Every option of every registered component, as `router graph.width`. */
export function componentOptions(
  components: ComponentRegistry,
  isComponent: (schema: z.core.$ZodType) => boolean,
): string[] {
  return components.kinds.flatMap((kind) =>
    components
      .all(kind)
      .flatMap(({ id, options }) => optionPaths(options, isComponent).map((path) => `${kind.name} ${id}.${path}`)),
  );
}

/** What optional, nullable, defaulted and refined schemas hold. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const wrapped = wrappedSchema(schema);
  if (wrapped) return unwrapped(wrapped);
  if (schema instanceof z.ZodRecord && unwrapped(schema.def.valueType) instanceof z.ZodUnion) {
    const union = unwrapped(schema.def.valueType) as z.ZodUnion;
    return union.def.options.some((option) => unwrapped(option) instanceof z.ZodObject) ? union : schema;
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.def.in) : schema;
}
