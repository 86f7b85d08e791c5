import { componentKind, didYouMean, parseOptions, UserError, type ComponentRegistry } from '@gmoe/core';
import { z } from 'zod';
import type { ModelConfig } from '../config/model-config.js';

/** A model family: reads a `config.json` of its `model_type` into the decoder's maths. */
export interface ModelFamily {
  /** `model_type` of the `config.json`s that it reads. */
  readonly modelType: string;
  /** The class of transformers that it equals, e.g. `LlamaForCausalLM`. */
  readonly architecture: string;
  /** Fields that it reads. */
  readonly fields: readonly string[];
  /**
   * @param json an object with this `model_type`
   * @param where prefix of messages, e.g. the file's path
   * @throws UserError naming the field: a value that is not known, or a field that may change the maths and is not read
   */
  parseConfig(json: Readonly<Record<string, unknown>>, where: string): ModelConfig;
}

export const familyKind = componentKind<ModelFamily>('family', 'model family');

/** The registered families. */
export function familiesOf(components: ComponentRegistry): ModelFamily[] {
  return components.all(familyKind).map((component) => component.create());
}

const objectSchema = z.looseObject({ model_type: z.string() });

/**
 * Reads a Hugging Face `config.json` (already parsed from JSON) with the family that its `model_type` names.
 *
 * @param where prefix of messages, e.g. the file's path
 * @throws UserError for an unknown `model_type`, and as `ModelFamily.parseConfig`
 */
export function parseModelConfig(json: unknown, families: readonly ModelFamily[], where = 'config.json'): ModelConfig {
  const object = parseOptions(objectSchema, json, where);
  const family = families.find(({ modelType }) => modelType === object.model_type);
  if (family) return family.parseConfig(object, where);
  const known = families.map(({ modelType }) => modelType);
  throw new UserError(
    `${where}: model_type: unknown architecture; ${didYouMean(object.model_type, known)}known: ${known.join(', ')} (got ${JSON.stringify(object.model_type)})`,
  );
}
