import { describe, expect, it } from 'vitest';
import { exampleSchema } from '../testing/example-schema.js';
import { sweepJsonSchema, trialJsonSchema, type JsonObject } from './index.js';

const at = (node: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], node);

describe('JSON Schema', () => {
  it('describes a trial with its components, defaults and bounds', () => {
    const schema = trialJsonSchema(exampleSchema);
    const graph = (at(schema, 'properties', 'router', 'oneOf') as JsonObject[])[1];
    expect(at(graph, 'properties', 'density')).toMatchObject({ minimum: 0, maximum: 1, default: 0.1 });
    expect(at(graph, 'properties', 'id', 'const')).toBe('graph');
    expect(schema['additionalProperties']).toBe(false);
  });

  it('lets a sweep leave out any part of the trial, but no component its id', () => {
    const schema = sweepJsonSchema(exampleSchema);
    expect(at(schema, 'properties', 'trial', 'required')).toBeUndefined();
    expect(at(schema, 'properties', 'trial', 'properties', 'router', 'oneOf', 1, 'required')).toEqual(['id']);
    expect(Object.keys(schema['properties'] as object)).toContain('grid');
    const references = [...JSON.stringify(schema).matchAll(/#\/\$defs\/(\w+)/g)].map((match) => match[1]!);
    for (const name of references) expect(Object.keys(schema['$defs'] as object)).toContain(name);
  });
});
