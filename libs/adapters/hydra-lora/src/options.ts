import { alphaSchema, dropoutSchema, rankSchema, scalingSchema, targetsSchema } from '@gmoe/adapters-lora';
import { componentField } from '@gmoe/core';
import { SITE_NAMES } from '@gmoe/model';
import { selectorKind } from '@gmoe/routers-core';
import { z } from 'zod';

export const hydraLoraSchema = z.strictObject({
  experts: z.int().min(1).max(1024).default(3).describe('E, heads B of each linear layer'),
  rank: rankSchema.default(4).describe('R, inner width of the shared A and of each B'),
  alpha: alphaSchema.default(8).describe('numerator of the scaling'),
  dropout: dropoutSchema
    .default(0)
    .describe("probability of zeroing an element of the update's input while training; the router sees all of it"),
  targets: targetsSchema(SITE_NAMES)
    .default(['q_proj', 'v_proj'])
    .describe('linear layers that carry the update and a router each'),
  scaling: scalingSchema.default('standard'),
  selector: componentField(selectorKind)
    .prefault({ id: 'dense' })
    .describe('how heads are chosen from the scores of the router; the paper takes all: dense'),
});
export type HydraLoraOptions = z.output<typeof hydraLoraSchema>;
