import { z } from 'zod';
import { FORMAT_VERSION } from './format.js';

const count = z.number().min(0);
const matrix = z.array(z.array(count));

/** `routing.json`: what the mixture layers did with the test examples. Padding is counted nowhere. */
export const routingSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  tokens: z.int().min(0).describe('tokens that every layer routed'),
  examples: z.int().min(0).describe('examples with a domain'),
  domains: z.array(z.string()).describe('names of the rows of byDomain; empty if the task has none'),
  layers: z.array(
    z.strictObject({
      selected: z.array(count).describe('tokens that each expert was selected for, [E]'),
      weights: z.array(count).describe("sum of each expert's mixture weights, [E]"),
      together: matrix.describe('tokens whose selection holds both experts, [E][E]; the diagonal is selected'),
      topProbability: count.describe('sum over the tokens of the largest routing probability'),
      margin: count.describe('sum over the tokens of the largest less the second largest probability'),
      byDomain: matrix.describe('selected within each domain, [domains][E]'),
      edges: matrix.optional().describe("which experts the router's graph joins, 0 or 1, [E][E]"),
      values: z.record(z.string(), z.number()).describe('parameters of the losses, e.g. poisson/lambda'),
    }),
  ),
  items: z.array(z.string()).describe('ids of the examples, in the order of chosen'),
  chosen: z
    .array(z.array(z.array(z.int().min(0))))
    .describe('experts that each example uses at the last token of its prompt, [L][examples][experts]'),
});

export type RoutingRecord = z.output<typeof routingSchema>;
