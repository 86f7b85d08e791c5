import { defineComponent, parseOptions, UserError, type Component } from '@gmoe/core';
import { z } from 'zod';
import type { ModelConfig } from '../config/model-config.js';
import { coreFields, type CoreFields } from './config-fields.js';
import { familyKind, type ModelFamily } from './model-family.js';
import { readRope, type RopeDescription } from './rope-fields.js';
import { refuseUnread } from './unread-fields.js';

/** What a family's own fields say; the sizes come from the fields that all families share. */
export type FamilyMaths = Partial<
  Omit<
    ModelConfig,
    'family' | 'vocabSize' | 'hiddenSize' | 'ffnSize' | 'layers' | 'heads' | 'kvHeads' | 'headSize' | 'json'
  >
> &
  Pick<ModelConfig, 'normEpsilon' | 'activation'>;

/** A model family as data: which fields of `config.json` it reads, their defaults, and the maths that they mean. */
export interface FamilyDescription<Own extends z.ZodRawShape> {
  readonly modelType: string;
  /** The class of transformers that it equals. */
  readonly architecture: string;
  /** What transformers takes where a config leaves out one of the shared fields. */
  readonly defaults: {
    readonly max_position_embeddings: number;
    readonly num_key_value_heads?: number;
    readonly head_dim?: number;
    readonly tie_word_embeddings?: boolean;
    readonly original_max_position_embeddings?: number;
  };
  readonly rope?: RopeDescription;
  /** The fields that are its own, with their defaults. */
  readonly fields: Own;
  /** @param fields its own fields @param core those of all families @param headSize P */
  describe(
    fields: z.output<z.ZodObject<Own>>,
    core: CoreFields,
    context: { readonly headSize: number; readonly where: string },
  ): FamilyMaths;
}

/** A family that reads what its description says, and refuses the rest by name. */
export function describeFamily<Own extends z.ZodRawShape>(description: FamilyDescription<Own>): ModelFamily {
  const { modelType, architecture } = description;
  const ownFields = z.looseObject(description.fields);
  const fields = [...Object.keys(coreFields.shape), ...Object.keys(description.fields)];
  const read = new Set(fields);
  return {
    modelType,
    architecture,
    fields,
    parseConfig(json, where) {
      const given = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
      const source = { tie_word_embeddings: false, ...description.defaults, ...given };
      const core = parseOptions(coreFields, source, where);
      const own = parseOptions(ownFields, source, where) as z.output<z.ZodObject<Own>>;
      refuseQuantized(core, where);
      refuseUnread(json, read, modelType, where);
      const heads = core.num_attention_heads;
      const { kvHeads, headSize } = headsOf(core, where);
      const maths = description.describe(own, core, { headSize, where });
      const bosId = firstOf(core.bos_token_id);
      const eosId = firstOf(core.eos_token_id);
      return {
        family: modelType,
        vocabSize: core.vocab_size,
        hiddenSize: core.hidden_size,
        ffnSize: core.intermediate_size,
        layers: core.num_hidden_layers,
        heads,
        kvHeads,
        headSize,
        maxPositions: core.max_position_embeddings,
        tiedEmbeddings: core.tie_word_embeddings,
        qkvBias: false,
        outputBias: false,
        ffnBias: false,
        qkNorm: false,
        ...(bosId === undefined ? {} : { bosId }),
        ...(eosId === undefined ? {} : { eosId }),
        ...maths,
        rope: maths.rope ?? readRope(core, headSize, where, description.rope),
        json: given,
      };
    },
  };
}

/** A family as a component. It has no options: a checkpoint's `config.json` says everything. */
export function defineFamily<Own extends z.ZodRawShape>(
  description: FamilyDescription<Own> & { readonly description: string },
): Component<ModelFamily> {
  const family = describeFamily(description);
  return defineComponent(familyKind, {
    id: description.modelType.replaceAll('_', '-'),
    description: description.description,
    options: z.strictObject({}),
    create: () => family,
  });
}

function headsOf(core: CoreFields, where: string): { kvHeads: number; headSize: number } {
  const { num_attention_heads: heads, hidden_size: hiddenSize } = core;
  const kvHeads = core.num_key_value_heads ?? heads;
  if (heads % kvHeads !== 0) {
    throw new UserError(`${where}: num_key_value_heads: ${kvHeads} does not divide num_attention_heads ${heads}`);
  }
  const headSize = core.head_dim ?? hiddenSize / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw new UserError(
      `${where}: hidden_size: ${hiddenSize} over ${heads} heads gives a head width of ${headSize}; it must be even`,
    );
  }
  return { kvHeads, headSize };
}

function refuseQuantized({ quantization_config: quantisation }: CoreFields, where: string): void {
  if (!quantisation) return;
  const method = quantisation['quant_method'];
  throw new UserError(
    `${where}: quantization_config: ${typeof method === 'string' ? `${method}-` : ''}quantized checkpoints are not read; use the unquantized model in BF16, F16 or F32`,
  );
}

function firstOf(id: CoreFields['bos_token_id']): number | undefined {
  return (Array.isArray(id) ? id[0] : id) ?? undefined;
}
