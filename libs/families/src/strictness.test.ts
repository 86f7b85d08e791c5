import { parseModelConfig } from '@gmoe/model';
import { describe, expect, it } from 'vitest';
import { families } from './index.js';
import { FOREIGN_FIELDS, FOREIGN_TYPES, REFUSED_VALUES, SIZES, VALUES } from './testing/refusals.js';

const parse = (modelType: string, changes: object = {}) =>
  parseModelConfig({ model_type: modelType, ...SIZES, ...changes }, families);

/** Fields that some family reads for itself. */
const fields = Object.keys(VALUES);

describe('nothing loads silently wrong', () => {
  it('knows a value for every field that a family reads', () => {
    const shared = new Set(families[0]!.fields.filter((field) => families.every((f) => f.fields.includes(field))));
    const own = new Set(families.flatMap((family) => family.fields).filter((field) => !shared.has(field)));
    expect([...own].sort()).toEqual([...fields].sort());
  });

  it.each(families.map(({ modelType }) => modelType))(
    '%s refuses by name the fields of other families',
    (modelType) => {
      const family = families.find((candidate) => candidate.modelType === modelType)!;
      for (const [field, value] of Object.entries({ ...VALUES, ...FOREIGN_FIELDS })) {
        if (family.fields.includes(field) || value === null) continue;
        expect(() => parse(modelType, { [field]: value }), field).toThrow(
          `config.json: ${field}: is not read for model_type ${modelType}`,
        );
      }
      expect(() => parse(modelType)).not.toThrow();
    },
  );

  it.each(REFUSED_VALUES)('$modelType refuses $changes', ({ modelType, changes, message }) => {
    expect(() => parse(modelType, changes)).toThrow(message);
  });

  it.each(FOREIGN_TYPES)('model_type %s is refused', (modelType) => {
    expect(() => parse(modelType)).toThrow(
      /^config\.json: model_type: unknown architecture; .*known: .*llama, mistral/,
    );
  });

  it.each([false, null, 0])('attention that sees what follows is refused (is_causal: %j)', (is_causal) => {
    for (const { modelType } of families) {
      expect(() => parse(modelType, { is_causal }), modelType).toThrow(
        `config.json: is_causal: is not read for model_type ${modelType}`,
      );
    }
  });

  it('passes what changes nothing', () => {
    const off = {
      rope_scaling: { type: 'linear', factor: 1 },
      attn_logit_softcapping: null,
      embedding_multiplier: 1,
      no_rope_layers: [1, 1],
      layer_types: ['full_attention', 'full_attention'],
      sliding_window: null,
      use_mrope: false,
      is_causal: true,
      _name_or_path: 'x',
      torch_dtype: 'bfloat16',
      'transformers.js_config': { dtype: 'q4' },
    };
    expect({ ...parse('llama', off), json: null }).toEqual({ ...parse('llama'), json: null });
  });
});
