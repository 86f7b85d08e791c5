import { loadBalanceCoordination } from '@gmoe/coordination-load-balance';
import { parseOptions, createComponent } from '@gmoe/core';
import { topKSelector } from '@gmoe/routers-core';
import { HostTensor, tf } from '@gmoe/tensor';
import { z } from 'zod';
import type { CaseKind } from '../case-kind.js';
import { compare } from '../compare.js';
import { routerOf } from '../graph-names.js';

const size = z.int().min(1);
const schema = z.array(
  z.looseObject({
    case: z.string(),
    L: size,
    B: size,
    S: size,
    n: size,
    top_k: size,
    mask: z.boolean(),
    fed: z.enum(['probs', 'raw_logits']),
    coef: z.number(),
    loss_with_coef: z.number(),
    loss_without_coef: z.number(),
  }),
);
type Case = z.output<typeof schema>[number];

interface Inputs<T> {
  readonly x: T;
  readonly W: T;
  readonly mask: T;
}

/**
 * Load balance over the linear router and top-k. `fed: probs` is `fidelity: reference` (softmax twice), `fed: raw_logits` Mixtral's
 * own convention; both average over all layers before the product.
 */
export const loadBalanceCase: CaseKind = {
  id: 'load balance',
  prefix: 'c_mixtral_lb',
  async run(golden, engine) {
    const cases = parseOptions(schema, golden.json, `${golden.name}.json`);
    const inputs = Object.fromEntries(
      cases.map(({ case: name, L, B, S, n, mask }) => {
        const x = golden.get(`${name}.x`, [L, B * S, null]);
        const W = golden.get(`${name}.W`, [L, n, x.shape[2]!]);
        const real = mask ? [...golden.get(`${name}.mask`, [B, S]).data] : Array(B * S).fill(1);
        return [name, { x, W, mask: HostTensor.float(real) }];
      }),
    );
    const program = engine.jit(
      (_: object, tensors: Record<string, Inputs<tf.Tensor>>) =>
        Object.fromEntries(cases.map((one) => [one.case, repeat(one, tensors[one.case]!)])),
      { name: golden.name, frozen: {} },
    );
    const out = await program(inputs);
    await program.dispose();
    return cases.flatMap(({ case: name, loss_with_coef, loss_without_coef }) => {
      const got = out[name]!;
      return [
        compare(`${name}.probs`, got.probs, golden.get(`${name}.probs`)),
        compare(`${name}.loss_with_coef`, got.weighted, loss_with_coef),
        compare(`${name}.loss_without_coef`, got.loss, loss_without_coef),
        compare(`${name}.grad_x`, got.gradX, golden.get(`${name}.grad_x`)),
        compare(`${name}.grad_W`, got.gradW, golden.get(`${name}.grad_W`)),
      ];
    });
  },
};

function repeat({ L, n, top_k, fed, mask: masked, coef }: Case, { x, W, mask }: Inputs<tf.Tensor>) {
  const options = { coefficient: coef, poolLayers: true, secondSoftmax: fed === 'probs', includePadding: !masked };
  const strategy = createComponent(loadBalanceCoordination, options, { fidelity: 'reference' });
  const { router } = routerOf('mixtral', { width: 1, layers: 1 });
  const selector = topKSelector.create({ k: top_k });
  const context = { tokenMask_T: mask as tf.Tensor1D, training: true };

  const layersOf = (x_LTD: tf.Tensor, W_LED: tf.Tensor) => {
    const at = (tensor: tf.Tensor, layer: number) => {
      const [, rows, columns] = tensor.shape as [number, number, number];
      return tensor.slice([layer, 0, 0], [1, rows, columns]).reshape([rows, columns]);
    };
    return Array.from({ length: L }, (_, layer) => {
      const x_TD = at(x_LTD, layer);
      const params = { trainable: { weight: at(W_LED, layer) }, frozen: {}, state: {} };
      const spec = { modelWidth: x_TD.shape[1]!, experts: n, topK: top_k, layer };
      const output = router.route(params, x_TD as tf.Tensor2D, context, spec);
      const { mask_TE, gates_TE } = selector.select(output, context);
      return { logits_TE: output.logits_TE, probs_TE: output.probs_TE, mask_TE, gates_TE };
    });
  };
  const lossOf = (x_LTD: tf.Tensor, W_LED: tf.Tensor) =>
    strategy.loss(
      { trainable: {}, state: {} },
      { layers: layersOf(x_LTD, W_LED), tokenMask_T: context.tokenMask_T },
      { expertsPerLayer: Array(L).fill(n), topK: top_k },
    ).loss;
  const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) =>
    lossOf(a, b).mul<tf.Scalar>(strategy.coefficient),
  )([x, W]);
  return {
    probs: tf.stack(layersOf(x, W).map(({ probs_TE }) => probs_TE)),
    loss: lossOf(x, W),
    weighted: value,
    gradX: grads[0]!,
    gradW: grads[1]!,
  };
}
