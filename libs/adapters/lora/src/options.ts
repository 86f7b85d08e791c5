import { SITE_NAMES } from '@gmoe/model';
import { z } from 'zod';

export const scalingSchema = z
  .enum(['standard', 'rslora'])
  .describe(
    'factor on the update: standard = alpha / rank (Hu et al. 2021), rslora = alpha / sqrt(rank) (Kalajdzievski 2023)',
  );
export type Scaling = z.output<typeof scalingSchema>;

export const rankSchema = z.int().min(1).max(4096);
export const alphaSchema = z.number().positive();
export const dropoutSchema = z.number().min(0).lt(1);

const unique = (sites: readonly unknown[]): boolean => new Set(sites).size === sites.length;

/** A list of sites, each at most once. */
export function targetsSchema<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.array(z.enum(names)).min(1).refine(unique, 'a site stands twice');
}

const modulePath = z
  .string()
  .refine(
    (path) => SITE_NAMES.some((site) => site === path.split('.').at(-1)),
    `must end in a linear layer of the decoder: ${SITE_NAMES.join(', ')}`,
  );

/** PEFT's `LoraConfig` under this project's names; the meaning of patterns and lists is PEFT's. */
export const loraSchema = z.strictObject({
  rank: rankSchema.default(4).describe('R, inner width of the update'),
  alpha: alphaSchema.default(8).describe('numerator of the scaling'),
  dropout: dropoutSchema.default(0).describe("probability of zeroing an element of the update's input while training"),
  targets: z
    .union([z.array(modulePath).min(1).refine(unique, 'a site stands twice'), z.string().min(1)])
    .default(['q_proj', 'k_proj', 'v_proj', 'o_proj'])
    .describe(
      "linear layers that carry the update: a list of names (q_proj) or ends of paths (layers.0.self_attn.q_proj), or one regular expression that a whole path matches (PEFT's target_modules)",
    ),
  scaling: scalingSchema.default('standard'),
  layers: z
    .array(z.int().min(0))
    .min(1)
    .refine(unique, 'a layer stands twice')
    .nullable()
    .default(null)
    .describe("decoder layers that carry the update, 0-based; null = all (PEFT's layers_to_transform)"),
  rankPattern: z
    .record(z.string().min(1), rankSchema)
    .default({})
    .describe(
      "other ranks by regular expression over the end of a module's path, e.g. layers.0.self_attn.q_proj: 16 (PEFT's rank_pattern); at most one may match a module",
    ),
  alphaPattern: z
    .record(z.string().min(1), alphaSchema)
    .default({})
    .describe("other alphas, in the same way (PEFT's alpha_pattern)"),
  modulesToSave: z
    .array(z.string().min(1))
    .refine(unique, 'a module stands twice')
    .default([])
    .describe(
      "modules of the base that are trained and stored as a whole, by the end of their path: lm_head, embed_tokens (PEFT's modules_to_save); a tied head is untied",
    ),
});
export type LoraOptions = z.output<typeof loraSchema>;

/** alpha / R, or alpha / sqrt(R) for rsLoRA. */
export function scalingFactor({ alpha, rank, scaling }: { alpha: number; rank: number; scaling: Scaling }): number {
  return scaling === 'rslora' ? alpha / Math.sqrt(rank) : alpha / rank;
}
