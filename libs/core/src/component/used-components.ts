import { z } from 'zod';
import { fieldKind } from './component-field.js';
import type { Component, ComponentChoice } from './component.js';
import type { ComponentRegistry } from './component-registry.js';
import { innerSchema } from './resolve-config.js';

/** The components that a resolved config names, at every depth; each once, in the order of the schema. */
export function usedComponents(schema: z.core.$ZodType, config: unknown, registry: ComponentRegistry): Component[] {
  const found = new Set<Component>();
  collect(schema, config, registry, found);
  return [...found];
}

function collect(schema: z.core.$ZodType, value: unknown, registry: ComponentRegistry, found: Set<Component>): void {
  if (value === null || value === undefined) return;
  const kind = fieldKind(schema);
  if (kind) {
    const { id, ...options } = value as ComponentChoice;
    const component = registry.get(kind, id);
    found.add(component);
    collect(component.options, options, registry, found);
  } else if (schema instanceof z.ZodObject) {
    for (const [name, field] of Object.entries(schema.shape)) {
      collect(field, (value as Record<string, unknown>)[name], registry, found);
    }
  } else if (schema instanceof z.ZodArray) {
    for (const element of value as readonly unknown[]) collect(schema.element, element, registry, found);
  } else {
    const inner = innerSchema(schema, value);
    if (inner) collect(inner, value, registry, found);
  }
}
