import { z } from 'zod';

/** One line of `predictions.jsonl`: the answer to one test example. */
export const predictionSchema = z.strictObject({
  id: z.string().describe('of the example, the same in every trial of a task: paired tests join on it'),
  gold: z.int().min(0).optional().describe('index of the right option; absent for texts'),
  predicted: z
    .int()
    .min(0)
    .optional()
    .describe("index of the chosen option; the number of options where scoring 'generation' found none"),
  correct: z.boolean(),
  scores: z.array(z.number()).describe('score per option; of a text, its log-probability'),
  tokens: z.int().min(0).optional().describe('tokens that are scored; texts only'),
  domain: z.string().optional(),
  text: z.string().optional().describe("what the model wrote; scoring 'generation' only"),
});

export type Prediction = z.output<typeof predictionSchema>;
