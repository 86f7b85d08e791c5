import { SITE_NAMES } from '@gmoe/model';
import { z } from 'zod';

export const scalingSchema = z
  .enum(['standard', 'rslora'])
  .describe(
    'factor on the update: standard = alpha / rank (Hu et al. 2021), rslora = alpha / sqrt(rank) (Kalajdzievski 2023)',
  );
export type Scaling = z.output<typeof scalingSchema>;

const unique = (sites: readonly string[]): boolean => new Set(sites).size === sites.length;

/** A list of sites, each at most once. */
export function targetsSchema<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.array(z.enum(names)).min(1).refine(unique, 'a site stands twice');
}

/** Options of plain LoRA: `W x + scaling * B A x` on the targeted sites of every layer. */
export const loraSchema = z.strictObject({
  rank: z.int().min(1).max(4096).default(4).describe('R, inner width of the update'),
  alpha: z.number().positive().default(8).describe('numerator of the scaling'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("probability of zeroing an element of the update's input while training"),
  targets: targetsSchema(SITE_NAMES)
    .default(['q_proj', 'k_proj', 'v_proj', 'o_proj'])
    .describe('linear layers that carry LoRA, in every decoder layer'),
  scaling: scalingSchema.default('standard'),
});
export type LoraOptions = z.output<typeof loraSchema>;

/** alpha / R, or alpha / sqrt(R) for rsLoRA. */
export function scalingFactor({ alpha, rank, scaling }: { alpha: number; rank: number; scaling: Scaling }): number {
  return scaling === 'rslora' ? alpha / Math.sqrt(rank) : alpha / rank;
}
