import { loraSchema, type LoraOptions } from '@gmoe/adapters-lora';
import { parseOptions, UserError, type Json } from '@gmoe/core';
import { SITE_NAMES, type SiteName } from '@gmoe/model';
import { z } from 'zod';
import { mixtureSchema, type MixtureOptions } from '../options.js';

/** What an adapter is, apart from its tensors: enough to build it again. */
export interface AdapterDescription {
  readonly lora: LoraOptions | null;
  readonly mixture: MixtureOptions | null;
  /** Router with its options, as in the trial config. */
  readonly router: Json;
  /** Strategies with their options, as in the trial config. */
  readonly coordination: readonly Json[];
  /** Name or folder of the base model. */
  readonly baseModel: string | null;
}

/** PEFT's type of an adapter that holds a routed mixture: unknown to PEFT, which refuses it instead of dropping the experts. */
const MIXTURE_TYPE = 'GMOE';

/** Ways to start B and A that leave the base weights as they are; others (PiSSA, OLoRA, CorDA, LoftQ) move part of them into the adapter. */
const STARTS = ['gaussian', 'eva', 'orthogonal'] as const;

/** PEFT's LoraConfig, where absent fields have its defaults; anything that would change the maths is checked. */
const peftSchema = z.looseObject({
  peft_type: z.literal('LORA', "only 'LORA' adapters and this project's 'GMOE' are known"),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().min(1),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_rslora: z.boolean().default(false),
  target_modules: z.union([z.array(z.string()), z.string()]).nullish(),
  use_dora: z.literal(false, 'DoRA is not known').default(false),
  bias: z.literal('none', 'trained biases are not known').default('none'),
  fan_in_fan_out: z.literal(false, 'transposed weights (fan_in_fan_out) are not known').default(false),
  lora_bias: z.literal(false, 'a bias on B is not known').default(false),
  modules_to_save: z.array(z.string()).max(0, 'fully trained modules are not known').nullish(),
  layers_to_transform: z.null('LoRA on some layers only is not known').optional(),
  rank_pattern: z.strictObject({}, 'ranks per module are not known').nullish(),
  alpha_pattern: z.strictObject({}, 'alphas per module are not known').nullish(),
  layer_replication: z.null('replicated layers are not known').optional(),
  megatron_config: z.null('Megatron layers are not known').optional(),
  target_parameters: z.null('LoRA on bare parameters is not known').optional(),
  trainable_token_indices: z.null('trained embeddings of single tokens are not known').optional(),
  alora_invocation_tokens: z.null('activated LoRA is not known').optional(),
  use_qalora: z.literal(false, 'QA-LoRA is not known').default(false),
  init_lora_weights: z
    .union([z.boolean(), z.enum(STARTS)], 'adapters that started from parts of the base weights are not known')
    .nullish(),
});

/** Fields of newer variants of LoRA (`kasa_config`, `use_bdlora`, ...), which stand for nothing else while they are off. */
const VARIANT = /_config$|^use_/;
const HARMLESS = ['use_rslora', 'eva_config'];

function refuseVariants(peft: Readonly<Record<string, unknown>>, where: string): void {
  for (const [name, value] of Object.entries(peft)) {
    if (!VARIANT.test(name) || HARMLESS.includes(name) || !value) continue;
    if (typeof value === 'object' && Object.keys(value).length === 0) continue;
    throw new UserError(`${where}: ${name}: this variant of LoRA is not known (got ${JSON.stringify(value)})`);
  }
}

const mixtureFileSchema = z.looseObject({
  peft_type: z.literal(MIXTURE_TYPE),
  base_model_name_or_path: z.string().nullish(),
  gmoe: z.strictObject({
    formatVersion: z.literal(1),
    lora: loraSchema.nullable(),
    mixture: mixtureSchema,
    router: z.json(),
    coordination: z.array(z.json()),
  }),
});

/** `adapter_config.json` of an adapter: PEFT's for plain LoRA, its own kind for mixtures. */
export function toAdapterConfig({ lora, mixture, router, coordination, baseModel }: AdapterDescription): object {
  if (mixture) {
    return {
      peft_type: MIXTURE_TYPE,
      base_model_name_or_path: baseModel,
      gmoe: { formatVersion: 1, lora, mixture, router, coordination },
    };
  }
  if (!lora) throw new UserError('adapter: lora and mixture are both null; there is nothing to save');
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    inference_mode: true,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    use_rslora: lora.scaling === 'rslora',
    target_modules: lora.targets,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
  };
}

/**
 * Reads an `adapter_config.json`.
 * @param present sites that the tensors name, in the order of `SITE_NAMES`
 * @throws UserError naming what is not known
 */
export function parseAdapterConfig(json: unknown, present: readonly SiteName[], where: string): AdapterDescription {
  if ((json as { peft_type?: unknown } | null)?.peft_type === MIXTURE_TYPE) {
    const { gmoe, base_model_name_or_path } = parseOptions(mixtureFileSchema, json, where);
    const { lora, mixture, router, coordination } = gmoe;
    return { lora, mixture, router, coordination, baseModel: base_model_name_or_path ?? null };
  }
  const peft = parseOptions(peftSchema, json, where);
  refuseVariants(peft, where);
  const named = Array.isArray(peft.target_modules) ? peft.target_modules : [];
  const siteOf = (path: string) => path.split('.').at(-1)!;
  const unknown = named.find((path) => !SITE_NAMES.some((site) => site === siteOf(path)));
  if (unknown) {
    throw new UserError(
      `${where}: target_modules: '${unknown}' cannot carry LoRA here; known: ${SITE_NAMES.join(', ')}`,
    );
  }
  const lora: LoraOptions = {
    rank: peft.r,
    alpha: peft.lora_alpha,
    dropout: peft.lora_dropout,
    // Where tensors are, so that patterns and paths of modules need no reading.
    targets: [...present],
    scaling: peft.use_rslora ? 'rslora' : 'standard',
  };
  return { lora, mixture: null, router: null, coordination: [], baseModel: peft.base_model_name_or_path ?? null };
}
