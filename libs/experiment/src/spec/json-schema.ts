import { isObject, without, type JsonObject } from './config-path.js';
import { sweepFileSchema } from './sweep-schema.js';
import type { TrialSchema } from './trial-schema.js';

/** JSON Schema of one trial config, as users write it: fields with defaults may be left out. */
export function trialJsonSchema(schema: TrialSchema<object>): JsonObject {
  return schema.components.jsonSchema(schema.schema) as JsonObject;
}

/**
 * JSON Schema of a sweep file, for editors that complete and check YAML. Below `trial` any part of a trial config may
 * be left out, since axes, presets and extended files fill it in.
 */
export function sweepJsonSchema(schema: TrialSchema<object>): JsonObject {
  const sweep = schema.components.jsonSchema(sweepFileSchema) as JsonObject;
  const { $defs, ...trial } = without(trialJsonSchema(schema), '$schema');
  const definitions = isObject(sweep['$defs']) ? sweep['$defs'] : {};
  const prefixed = renameDefinitions(withoutRequired(trial)) as JsonObject;
  const trialDefinitions = Object.entries(isObject($defs) ? $defs : {}).map(
    ([name, definition]) => [`trial_${name}`, renameDefinitions(withoutRequired(definition))] as const,
  );
  return {
    ...sweep,
    properties: { ...(sweep['properties'] as JsonObject), trial: prefixed },
    $defs: { ...definitions, ...Object.fromEntries(trialDefinitions) },
  } as JsonObject;
}

/** A component's `id` stays required: it tells the alternatives apart. */
function withoutRequired(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutRequired);
  if (!isObject(node)) return node;
  const { required, ...rest } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === 'required' ? value : withoutRequired(value)]),
  );
  if (!Array.isArray(required)) return required === undefined ? rest : { ...rest, required };
  return required.includes('id') ? { ...rest, required: ['id'] } : rest;
}

function renameDefinitions(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(renameDefinitions);
  if (!isObject(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/$defs/trial_')
        : renameDefinitions(value),
    ]),
  );
}
