import { defineComponent, type Build } from '@gmoe/core';
import {
  coefficientOf,
  coefficientOptions,
  decodePositive,
  coordinationKind,
  encodePositive,
  meanOf,
  PARAMETERIZATIONS,
  positiveValues,
  stepSum,
  type CoordinationStrategy,
  type LayerRouting,
  type PositiveBounds,
} from '@gmoe/coordination-core';
import { HostTensor, sortDescending, stopGradient, tf } from '@gmoe/tensor';
import { z } from 'zod';

const options = z.strictObject({
  ...coefficientOptions(8, '(paper 8)'),
  learnSigma: z.boolean().default(true).describe('train sigma with the adapter; it starts at E / 2'),
  parameterization: z
    .enum(PARAMETERIZATIONS)
    .default('softplus')
    .describe('how sigma stays positive: softplus (paper), or trained as it is and clamped at sigmaFloor (reference)'),
  sigmaFloor: z
    .number()
    .positive()
    .default(1e-3)
    .describe("smallest sigma. The authors' code has none and fails at sigma <= 0"),
  firstIndex: z
    .union([z.literal(0), z.literal(1)])
    .default(1)
    .describe('index of the first expert in the target: 1 (paper, i = 1..E) or 0 (reference, i = 0..E-1)'),
  sorted: z
    .boolean()
    .default(false)
    .describe('sort target and load before they are compared (reference): any expert may then carry any share'),
  absoluteLog: z.boolean().default(false).describe('|log| in place of log (reference), which is then no divergence'),
  normalizeOver: z
    .enum(['layer', 'model'])
    .default('layer')
    .describe(
      'over what the target sums to 1: each layer (paper), or all layers together (reference), for which a matching load is no minimum',
    ),
  weights: z
    .enum(['gates', 'probabilities'])
    .default('gates')
    .describe('what is counted of a selected expert: its mixture weight (paper), or K x its probability (reference)'),
  decay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('factor on the accumulated count at each step; 1 = it never forgets, as in paper and reference'),
  includePadding: z.boolean().default(false).describe('count padding tokens too (reference)'),
  epsilon: z.number().positive().default(1e-8).describe('added to the load inside the logarithm'),
});
export type NormalOptions = z.output<typeof options>;
type Options = NormalOptions;

const countName = (layer: number) => `count.${layer}`;

/** What the selected experts of a layer gain in a pass: see the option `weights`. [E] */
export function loadContribution(
  { probs_TE, mask_TE, gates_TE }: LayerRouting,
  tokenMask_T: tf.Tensor1D,
  topK: number,
  { weights, includePadding }: Pick<Options, 'weights' | 'includePadding'>,
): tf.Tensor1D {
  const weights_TE = weights === 'gates' ? gates_TE : probs_TE.mul<tf.Tensor2D>(mask_TE).mul<tf.Tensor2D>(topK);
  const counted_TE = includePadding ? weights_TE : weights_TE.mul<tf.Tensor2D>(tokenMask_T.reshape([-1, 1]));
  return counted_TE.sum<tf.Tensor1D>(0);
}

/**
 * Exponent of `N(i; E / 2, sigma)` at the experts' indices, `-(i - E/2)^2 / (2 sigma^2)`. Targets are computed in logarithms,
 * since the density itself falls below float32 for a small sigma. [E]
 */
function normalExponent(sigma: tf.Scalar, experts: number, firstIndex: number): tf.Tensor1D {
  const squares_E = tf.tensor1d(Array.from({ length: experts }, (_, i) => (i + firstIndex - experts / 2) ** 2));
  return squares_E.div(sigma.square().mul(-2));
}

/** Logarithms of each layer's target, which sums to 1 over the layer, or over all layers together. */
function logTargets(
  exponents: readonly tf.Tensor1D[],
  sigma_L: tf.Tensor1D,
  over: Options['normalizeOver'],
): tf.Tensor1D[] {
  const shapes = exponents.map((exponent_E) => tf.logSoftmax(exponent_E));
  if (over === 'layer') return shapes;
  // A layer's share of the sum over all layers: log sum_i exp(exponent_i) - log sigma, normalised. Taken layer by layer first,
  // which loses fewer digits than one sum over everything.
  const sums = shapes.map((shape_E, layer) => exponents[layer]!.slice(0, 1).sub<tf.Tensor1D>(shape_E.slice(0, 1)));
  const shares_L = tf.logSoftmax(tf.concat(sums).sub(sigma_L.log()));
  return shapes.map((shape_E, layer) => shape_E.add(shares_L.slice([layer], [1])));
}

/**
 * Normal balance (paper eq. 8-9): the accumulated load of each layer's experts, normalised to `v`, is drawn towards a
 * normal shape `p_i ~ N(i; E / 2, sigma)`: `mean over layers of sum_i p_i log(p_i / v_i)`. The gradient flows through
 * this step's part of the load.
 */
function createNormal(options: Options, build: Build): CoordinationStrategy {
  const bounds: PositiveBounds = {
    parameterization: options.parameterization,
    floor: options.sigmaFloor,
    clamp: [options.sigmaFloor, Infinity],
  };
  const sort = (x_E: tf.Tensor1D) =>
    options.sorted ? (sortDescending(x_E.reshape([1, -1]) as tf.Tensor2D).reshape([-1]) as tf.Tensor1D) : x_E;

  return {
    id: 'normal',
    ...coefficientOf(options, build),
    init({ expertsPerLayer }) {
      const sigma = encodePositive(
        expertsPerLayer.map((experts) => experts / 2),
        bounds,
      );
      const counts = Object.fromEntries(
        expertsPerLayer.map((experts, layer) => [countName(layer), HostTensor.zeros([experts])]),
      );
      return options.learnSigma
        ? { trainable: { sigma }, state: counts }
        : { trainable: {}, state: { ...counts, sigma } };
    },
    values: ({ trainable, state }) => ({
      sigma: positiveValues((options.learnSigma ? trainable : state)['sigma']!, bounds),
    }),
    loss({ trainable, state }, context, { topK }) {
      const { layers, tokenMask_T } = context;
      const trained_L = (options.learnSigma ? trainable : state)['sigma'] as tf.Tensor1D;
      const sigma_L = decodePositive(trained_L, bounds);
      const next: Record<string, tf.Tensor> = {};
      const metrics: Record<string, tf.Tensor> = {};

      const exponents = layers.map(({ probs_TE }, layer) => {
        const sigma = sigma_L.slice(layer, 1).reshape([]) as tf.Scalar;
        metrics[`sigma.${layer}`] = sigma;
        return sort(normalExponent(sigma, probs_TE.shape[1], options.firstIndex));
      });
      const targets = logTargets(exponents, sigma_L, options.normalizeOver);
      const losses = layers.map((routing, layer) => {
        const past_E = stopGradient(state[countName(layer)] as tf.Tensor1D);
        const gained_E = stepSum(loadContribution(routing, tokenMask_T, topK, options), context);
        const count_E = past_E.mul<tf.Tensor1D>(options.decay).add<tf.Tensor1D>(gained_E);
        next[countName(layer)] = stopGradient(count_E);
        const load_E = sort(count_E).div<tf.Tensor1D>(count_E.sum());
        const logTarget_E = targets[layer]!;
        const log_E = logTarget_E.sub(load_E.add(options.epsilon).log());
        return logTarget_E
          .exp()
          .mul(options.absoluteLog ? log_E.abs() : log_E)
          .sum();
      });
      if (!options.learnSigma) next['sigma'] = trained_L;
      return { loss: meanOf(losses), metrics, state: next };
    },
  };
}

export const normalCoordination = defineComponent(coordinationKind, {
  id: 'normal',
  description: 'Normal balance: accumulated loads towards a normal shape (GMoE)',
  options,
  fidelity: {
    reference: {
      parameterization: 'clamp',
      firstIndex: 0,
      sorted: true,
      absoluteLog: true,
      normalizeOver: 'model',
      weights: 'probabilities',
      includePadding: true,
    },
  },
  create: createNormal,
});
