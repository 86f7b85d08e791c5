import { normalCoordination } from '@gmoe/coordination-normal';
import { poissonCoordination } from '@gmoe/coordination-poisson';
import type { LayerRouting } from '@gmoe/coordination-core';
import { parseOptions, createComponent } from '@gmoe/core';
import { type HostTensor, tf } from '@gmoe/tensor';
import { z } from 'zod';
import type { CaseKind } from '../case-kind.js';
import type { Check } from '../case-report.js';
import { compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';

const size = z.int().min(1);
const schema = z.looseObject({
  poisson: z.array(
    z.looseObject({
      case: z.string(),
      L: size,
      T: size,
      n: size,
      lamb: z.array(z.number()).optional(),
      loss: z.number(),
    }),
  ),
  normal: z.array(z.looseObject({ case: z.string(), L: size, n: size, mu: z.number(), loss: z.number() })),
});

interface Inputs {
  /** [L, T, n]: probabilities for Poisson; for Normal one token whose weights are the counts. */
  readonly alloc: HostTensor;
  /** lambda or sigma. [L] */
  readonly learned: HostTensor;
}

/** The loss and its gradients by the inputs. */
type Result = Inputs & { readonly loss: HostTensor };

/** The Poisson and the Normal loss under `fidelity: reference`, with gradients by probabilities or counts, lambda, sigma. */
export const lossesCase: CaseKind = {
  id: 'coordination losses',
  prefix: 'b_losses',
  async run(golden, engine) {
    const { poisson, normal } = parseOptions(schema, golden.json, `${golden.name}.json`);
    const inputs: Record<string, Inputs> = {};
    for (const { case: name, L, T, n } of poisson) {
      inputs[name] = { alloc: golden.get(`${name}.alloc`, [L, T, n]), learned: golden.get(`${name}.lamb`, [L]) };
    }
    for (const { case: name, L, n } of normal) {
      const count = golden.get(`${name}.count`, [L, n]);
      inputs[name] = { alloc: count.reshape([L, 1, n]), learned: golden.get(`${name}.theta`, [L]) };
    }
    const losses = { ...eachOf(poisson, poissonLoss), ...eachOf(normal, normalLoss) };
    const out: Record<string, Result> = {};
    // One program each: a single graph of all cases takes ONNX Runtime far longer to optimise.
    for (const [name, { alloc, learned }] of Object.entries(inputs)) {
      const program = engine.jit(
        (_: object, a: tf.Tensor3D, b: tf.Tensor1D) => {
          const { value, grads } = tf.valueAndGrads((x: tf.Tensor, y: tf.Tensor) =>
            losses[name]!(x as tf.Tensor3D, y as tf.Tensor1D),
          )([a, b]);
          return { loss: value, alloc: grads[0]!, learned: grads[1]! };
        },
        { name, frozen: {} },
      );
      out[name] = await program(alloc, learned);
      await program.dispose();
    }
    return [
      ...poisson.flatMap(({ case: name, loss, lamb }) => [
        ...(lamb ? [compare(`${name}.lamb`, golden.get(`${name}.lamb`), lamb)] : []),
        ...checks(golden, name, out[name]!, loss, 'alloc', 'lamb'),
      ]),
      ...normal.flatMap(({ case: name, loss, mu, n }) => [
        compare(`${name}.mu`, n / 2, mu),
        ...checks(golden, name, out[name]!, loss, 'count', 'theta'),
      ]),
    ];
  },
};

const eachOf = <T>(cases: readonly { readonly case: string }[], value: T): Record<string, T> =>
  Object.fromEntries(cases.map(({ case: name }) => [name, value]));

function checks(golden: GoldenCase, name: string, got: Result, loss: number, alloc: string, learned: string): Check[] {
  return [
    compare(`${name}.loss`, got.loss, loss),
    compare(
      `${name}.grad_${alloc}`,
      amongEquals(golden.get(`${name}.${alloc}`), got.alloc),
      amongEquals(golden.get(`${name}.${alloc}`), golden.get(`${name}.grad_${alloc}`)),
    ),
    compare(`${name}.grad_${learned}`, got.learned, golden.get(`${name}.grad_${learned}`)),
  ];
}

/**
 * Gradients in ascending order within each group of equal values of a row. Both losses sort: which of two equal values (counts of
 * zero) comes first, and so gets which gradient, is the sort's choice, and PyTorch's sort is not stable.
 */
function amongEquals({ data, shape }: HostTensor, { data: gradient }: HostTensor): number[] {
  const width = shape.at(-1)!;
  const out = Array.from(gradient);
  for (let row = 0; row < data.length; row += width) {
    const groups = new Map<number, number[]>();
    for (let i = row; i < row + width; i++) groups.set(data[i]!, [...(groups.get(data[i]!) ?? []), i]);
    for (const indices of groups.values()) {
      const sorted = indices.map((i) => gradient[i]!).sort((a, b) => a - b);
      indices.forEach((index, i) => (out[index] = sorted[i]!));
    }
  }
  return out;
}

/** Layers of probabilities in which every expert is selected. */
function layersOf(alloc_LTE: tf.Tensor3D): LayerRouting[] {
  const [layers, tokens, experts] = alloc_LTE.shape;
  return Array.from({ length: layers }, (_, layer) => {
    const probs_TE = alloc_LTE.slice([layer, 0, 0], [1, tokens, experts]).reshape([tokens, experts]) as tf.Tensor2D;
    return { logits_TE: probs_TE, probs_TE, mask_TE: tf.onesLike(probs_TE), gates_TE: probs_TE };
  });
}

const contextOf = (alloc_LTE: tf.Tensor3D) => ({
  layers: layersOf(alloc_LTE),
  tokenMask_T: tf.ones<tf.Rank.R1>([alloc_LTE.shape[1]]),
});
// K = 1: the count is then the probabilities of the one token that stands for it.
const specOf = ([layers, , experts]: number[]) => ({ expertsPerLayer: Array(layers).fill(experts), topK: 1 });

function poissonLoss(alloc_LTE: tf.Tensor3D, lambda_L: tf.Tensor1D): tf.Scalar {
  const strategy = createComponent(poissonCoordination, {}, { fidelity: 'reference' });
  const params = { trainable: { lambda: lambda_L }, state: {} };
  return strategy.loss(params, contextOf(alloc_LTE), specOf(alloc_LTE.shape)).loss;
}

function normalLoss(count_L1E: tf.Tensor3D, sigma_L: tf.Tensor1D): tf.Scalar {
  const strategy = createComponent(normalCoordination, {}, { fidelity: 'reference' });
  const [layers, , experts] = count_L1E.shape;
  const state = Object.fromEntries(Array.from({ length: layers }, (_, l) => [`count.${l}`, tf.zeros([experts])]));
  const params = { trainable: { sigma: sigma_L }, state };
  return strategy.loss(params, contextOf(count_L1E), specOf(count_L1E.shape)).loss;
}
