import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a researcher's own repository: a router that imports from beside it, a loss, and a sweep over both. */
const FILES = {
  'start.ts': `import type { RandomKey } from 'gmoe';

export const start = (key: RandomKey, experts: number, width: number) =>
  key.fold('weight').normal([experts, width], 0, 0.02);
`,
  'my-router.ts': `import { defineComponent, linear, routerKind, tf, z, type Router } from 'gmoe';
import { start } from './start.js';

const options = z.strictObject({ scale: z.number().positive().default(1).describe('factor on the logits') });

export const contractCases = { scaled: [{ name: 'defaults' }, { name: 'three', options: { scale: 3 } }] };

export const scaledRouter = defineComponent(routerKind, {
  id: 'scaled',
  description: 'a linear router with scaled logits',
  options,
  create: ({ scale }): Router => ({
    id: 'scaled',
    init: (key, { experts, modelWidth }) => ({
      trainable: { weight: start(key, experts, modelWidth) },
      frozen: {},
      state: {},
      warnings: [],
    }),
    route({ trainable }, x_TD) {
      const logits_TE = linear(x_TD, trainable['weight'] as tf.Tensor2D).mul<tf.Tensor2D>(scale);
      return { logits_TE, probs_TE: tf.softmax(logits_TE) };
    },
  }),
});
`,
  'my-loss.ts': `import { coordinationKind, defineComponent, meanOf, tokenMean, z, type CoordinationStrategy } from 'gmoe';

export const spread = defineComponent(coordinationKind, {
  id: 'spread',
  description: 'squared mean probability of each expert',
  options: z.strictObject({ coefficient: z.number().min(0).default(0.01).describe('weight of this loss in the total') }),
  create: ({ coefficient }): CoordinationStrategy => ({
    id: 'spread',
    coefficient,
    init: () => ({ trainable: {}, state: {} }),
    loss: (_, context) => ({
      loss: meanOf(
        context.layers.map(({ probs_TE }) => tokenMean(probs_TE, context.tokenMask_T, context).square().sum()),
      ),
      metrics: {},
      state: {},
    }),
  }),
});
`,
  'my-family.ts': `import { activation, defineFamily, z } from 'gmoe';

export const shout = defineFamily({
  modelType: 'shout',
  description: 'Llama with loud embeddings',
  architecture: 'ShoutForCausalLM',
  defaults: { max_position_embeddings: 2048 },
  fields: { hidden_act: activation('silu'), loudness: z.number().positive().default(2) },
  describe: ({ hidden_act, loudness }) => ({ activation: hidden_act, normEpsilon: 1e-6, embeddingScale: loudness }),
});
`,
  'sweep.yaml': `name: lab
plugins: [./my-router.ts, ./my-loss.ts]
trial:
  task: { id: openstax-topics, trainLimit: 8, testLimit: 6 }
  adapter: { lora: null, mixture: { experts: 2, rank: 2, alpha: 4 } }
  coordination: [{ id: spread }]
  training: { steps: 1, batchSize: 2, sequenceLength: 64 }
  evaluation: { sequenceLength: 64 }
grid:
  router: { linear: { id: linear }, mine: { id: scaled, scale: 2 } }
`,
} as const;

/** Writes them below a folder. Returns where. */
export function writeLab(folder: string): string {
  const lab = join(folder, 'lab');
  mkdirSync(lab, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(lab, name), text);
  return lab;
}
