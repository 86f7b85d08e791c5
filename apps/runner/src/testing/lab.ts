import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLetterModel } from './letter-model.js';

/**
 * Files of a researcher's own repository: a router that imports from beside it, a loss, an optimizer, an adapter, a model family,
 * a task file and a sweep over them on a base of eight thousand parameters.
 */
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
  'my-optimizer.ts': `import { composeOptimizer, defineComponent, HostTensor, optimizerKind, sharedOptions, z } from 'gmoe';

const options = z.strictObject({
  ...sharedOptions({ learningRate: 0.05, weightDecay: 0 }),
  decay: z.number().min(0).lt(1).default(0.5).describe('decay of the mean squared gradient'),
});

/** RMSprop: \`lr g / (sqrt(v) + 1e-8)\`, v the decaying mean of g^2. */
export const rmsprop = defineComponent(optimizerKind, {
  id: 'rmsprop',
  description: 'RMSprop',
  options,
  create: ({ decay, ...shared }) =>
    composeOptimizer(
      {
        init: ({ shape }) => ({ square: HostTensor.zeros(shape) }),
        update(gradient_N, { square }, { learningRate }) {
          const next_N = square!.mul(decay).add(gradient_N.square().mul(1 - decay));
          return { update_N: gradient_N.div(next_N.sqrt().add(1e-8)).mul(learningRate), state: { square: next_N.as1D() } };
        },
      },
      shared,
    ),
});
`,
  'my-adapter.ts': `import {
  adapterKind, createRoutedLayers, defineComponent, denseSelector, HostTensor, NAMES, parameter, sitePath, siteShape, tf, z,
} from 'gmoe';

const options = z.strictObject({ experts: z.int().min(2).default(2).describe('biases to choose from') });

/** A routed mixture of biases on the values of the attention: \`W x + sum_e g_e(x) b_e\`. */
export const biases = defineComponent(adapterKind, {
  id: 'biases',
  description: 'a routed mixture of biases on the values of the attention',
  options,
  create: ({ experts }) => ({
    routed: true,
    build({ config, router, coordination = [] }) {
      const { inputs: width, outputs } = siteShape(config, 'v_proj');
      const at = (layer: number) => sitePath({ layer, name: 'v_proj' });
      const layers = Array.from({ length: config.layers }, (_, layer) => ({ name: NAMES.siteRouter(layer, 'v_proj'), width, experts }));
      const selector = denseSelector.create({});
      const routed = createRoutedLayers({ layers, router: router!, selector, coordination });
      return {
        config,
        routing: routed,
        init(key) {
          const start = routed.init(key);
          const own = layers.map((_, layer) => [at(layer) + '.biases', HostTensor.zeros([experts, outputs])] as const);
          return { ...start, trainable: { ...Object.fromEntries(own), ...start.trainable } };
        },
        randomInputs: (key, tokens) => routed.randomInputs(key, tokens),
        bind(params, context) {
          const { route, routing } = routed.bind(params, context);
          return {
            routing,
            hooks: {
              linear(site, x_TI, base) {
                if (site.name !== 'v_proj') return base(x_TI);
                const { gates_TE } = route(site.layer, x_TI);
                const biases_EO = parameter<tf.Tensor2D>(params.trainable, at(site.layer) + '.biases');
                return base(x_TI).add(tf.matMul(gates_TE, biases_EO));
              },
            },
          };
        },
      };
    },
  }),
});
`,
  'my-launcher.ts': `import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { defineComponent, followSubmission, launcherKind, z } from 'gmoe';

export const plain = defineComponent(launcherKind, {
  id: 'plain',
  description: 'workers that nobody looks after',
  options: z.strictObject({ workers: z.int().min(1).default(2).describe('workers at a time') }),
  create: ({ workers }) => (host) => ({
    id: 'plain',
    async submit(request) {
      const [program, ...args] = host.command(request.store);
      const started = Array.from({ length: workers }, () => spawn(program!, args, { stdio: 'ignore' }));
      return followSubmission(request, {
        id: started.map(({ pid }) => pid).join('+'),
        ended: Promise.all(started.map((worker) => once(worker, 'exit'))),
        cancel: () => started.forEach((worker) => worker.kill()),
        pollSeconds: 0.2,
      });
    },
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
  'train.csv': `text,label\n${['ab,a', 'ba,b', 'ac,a', 'bc,b', 'ad,a', 'bd,b', 'ae,a', 'be,b'].join('\n')}\n`,
  'test.csv': `text,label\n${['af,a', 'bf,b', 'ag,a', 'bg,b'].join('\n')}\n`,
  'sweep.yaml': `name: lab
plugins: [./my-router.ts, ./my-loss.ts, ./my-optimizer.ts, ./my-adapter.ts]
trial:
  base: ./letters
  task: { id: classification, trainFile: train.csv, testFile: test.csv, prompt: '{text}' }
  adapter: { id: biases }
  coordination: [{ id: spread }]
  optimizer: { id: rmsprop }
  training: { steps: 4, batchSize: 2, sequenceLength: 8 }
  evaluation: { sequenceLength: 8 }
grid:
  router: { linear: { id: linear }, mine: { id: scaled, scale: 2 } }
`,
} as const;

/** Writes them below a folder. Returns where. */
export function writeLab(folder: string): string {
  const lab = join(folder, 'lab');
  mkdirSync(lab, { recursive: true });
  writeLetterModel(join(lab, 'letters'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(lab, name), text);
  return lab;
}
