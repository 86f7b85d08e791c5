import { alphaSchema, dropoutSchema, loraSchema, rankSchema, scalingSchema, targetsSchema } from '@gmoe/adapters-lora';
import { componentField } from '@gmoe/core';
import { SITE_NAMES } from '@gmoe/model';
import { selectorKind } from '@gmoe/routers-core';
import { z } from 'zod';

export const MIXTURE_FORMS = ['ffn', 'additive'] as const;
export const ROUTINGS = ['block', 'projection'] as const;

const expertCount = z.int().min(1).max(1024);

/** Options of a mixture of LoRA experts. */
export const mixtureSchema = z.strictObject({
  experts: z
    .union([expertCount, z.array(expertCount).min(1)])
    .default(8)
    .describe(
      'E, experts in each layer; a list splits the layers into as many runs, as equal as can be, first layers first (MoLA)',
    ),
  form: z
    .enum(MIXTURE_FORMS)
    .default('ffn')
    .describe(
      "ffn: each expert is a whole feed-forward network on the shared base weights (the authors' code); additive: the experts' updates are summed at each linear layer (paper eq. 5), as they always are on the attention",
    ),
  rank: rankSchema.default(4).describe("R, inner width of each expert's update"),
  alpha: alphaSchema.default(8).describe('numerator of the scaling'),
  dropout: dropoutSchema
    .default(0)
    .describe(
      "probability of zeroing an element of the updates' input while training; one mask a site, shared by the experts",
    ),
  targets: targetsSchema(SITE_NAMES)
    .default(['gate_proj', 'up_proj', 'down_proj'])
    .describe('linear layers that carry expert updates, those of the attention included (MoLA)'),
  routing: z
    .enum(ROUTINGS)
    .default('block')
    .describe(
      "block: one router for the attention and one for the feed-forward network, each on the block's input; projection: one for each linear layer, on its own input (MoLA)",
    ),
  scaling: scalingSchema.default('standard'),
  selector: componentField(selectorKind)
    .prefault({ id: 'top-k' })
    .describe("how experts are chosen from the router's scores; the other keys are the selector's own options"),
});
export type MixtureOptions = z.output<typeof mixtureSchema>;

export const moeLoraSchema = z.strictObject({
  lora: loraSchema.nullable().prefault({}).describe('plain LoRA beside the mixture; null = none'),
  mixture: mixtureSchema.prefault({}).describe('mixture of LoRA experts'),
});
