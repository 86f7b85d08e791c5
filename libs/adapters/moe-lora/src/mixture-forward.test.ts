import { linear, oneHot, RandomKey, silu, swiglu, tf } from '@gmoe/tensor';
import type { Selection } from '@gmoe/routers-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mixtureAdditive, mixtureFfn, type ExpertFactors } from './mixture-forward.js';
import { productForm } from './slot-products.js';

const T = 5;
const D = 6;
const F = 7;
const E = 4;
const R = 2;
const SCALING = 1.5;
const SITES = ['gate_proj', 'up_proj', 'down_proj'] as const;
type Site = (typeof SITES)[number];

const key = RandomKey.fromSeed(11);
const draw = (name: string, shape: [number, number]) =>
  tf.tensor(key.fold(name).normal(shape).data, shape) as tf.Tensor2D;
const size: Record<Site, [number, number]> = { gate_proj: [D, F], up_proj: [D, F], down_proj: [F, D] };

/** Tokens with the experts each uses and their weights; an unused slot has weight 0. */
const CHOICES = {
  'top-2': [
    [
      [0, 0.7],
      [2, 0.3],
    ],
    [
      [3, 0.6],
      [1, 0.4],
    ],
    [
      [2, 0.9],
      [3, 0.1],
    ],
    [
      [1, 0.5],
      [0, 0.5],
    ],
    [
      [2, 0.8],
      [1, 0.2],
    ],
  ],
  'top-1 not renormalised': [[[0, 0.4]], [[3, 0.6]], [[3, 0.3]], [[1, 0.5]], [[2, 0.9]]],
  dense: Array.from({ length: T }, (_, t) => Array.from({ length: E }, (_, e) => [e, ((t + e) % 4) / 6])),
} as Record<string, number[][][]>;

function selectionOf(choice: number[][][], weights_TK: tf.Tensor2D): Selection {
  const ids_TK = tf.tensor2d(
    choice.map((slots) => slots.map(([id]) => id!)),
    undefined,
    'int32',
  );
  const onehot = oneHot(ids_TK, E);
  return {
    ids_TK,
    weights_TK,
    mask_TE: onehot.sum(1),
    gates_TE: onehot.mul(weights_TK.expandDims(2)).sum(1),
  };
}

/** The definition, one token and one expert at a time, from the separate experts' factors. */
function naive(
  form: 'ffn' | 'additive',
  targets: readonly Site[],
  choice: number[][][],
  x_TD: tf.Tensor2D,
  weights_TK: tf.Tensor2D,
  base: Record<Site, tf.Tensor2D>,
  a: Record<Site, tf.Tensor2D>,
  b: Record<Site, tf.Tensor2D>,
): tf.Tensor2D {
  const update = (site: Site, e: number, x: tf.Tensor2D) =>
    targets.includes(site)
      ? linear(linear(x, a[site].slice([e * R, 0], [R, -1])), b[site].slice([0, e * R], [-1, R])).mul<tf.Tensor2D>(
          SCALING,
        )
      : tf.zeros<tf.Rank.R2>([1, size[site][1]]);
  const rows = choice.map((slots, t) => {
    const x = x_TD.slice([t, 0], [1, -1]);
    const weight = (j: number) => weights_TK.slice([t, j], [1, 1]);
    if (form === 'ffn') {
      return slots
        .map(([e], j) => {
          const site = (name: Site, input: tf.Tensor2D) =>
            linear(input, base[name]).add<tf.Tensor2D>(update(name, e!, input));
          const hidden = silu(site('gate_proj', x)).mul<tf.Tensor2D>(site('up_proj', x));
          return site('down_proj', hidden).mul<tf.Tensor2D>(weight(j));
        })
        .reduce((sum, y) => sum.add(y));
    }
    const site = (name: Site, input: tf.Tensor2D) =>
      slots.reduce(
        (sum, [e], j) => sum.add<tf.Tensor2D>(update(name, e!, input).mul(weight(j))),
        linear(input, base[name]),
      );
    return site('down_proj', silu(site('gate_proj', x)).mul(site('up_proj', x)));
  });
  return tf.concat(rows, 0);
}

function worst(got: tf.Tensor, want: tf.Tensor): number {
  expect(got.shape).toEqual(want.shape);
  return got.sub(want).abs().max().div(want.abs().max()).dataSync()[0]!;
}

describe('productForm', () => {
  it('groups tokens where their experts would otherwise be computed for nothing', () => {
    expect(productForm(1024, 8, 8)).toBe('grouped');
    expect(productForm(1024, 64, 8)).toBe('grouped');
    expect(productForm(1024, 4, 8)).toBe('masked');
    expect(productForm(1, 8, 8)).toBe('masked');
    expect(productForm(128, 64, 8)).toBe('masked');
  });
});

describe('mixture forms against a loop over tokens and experts', () => {
  beforeAll(() => tf.setBackend('cpu'));

  const forms = [
    { form: 'ffn', products: 'masked' },
    { form: 'ffn', products: 'grouped' },
    { form: 'additive' },
  ] as const;
  const cases = forms.flatMap((form) =>
    Object.keys(CHOICES).flatMap((choice) =>
      ([SITES, ['gate_proj', 'up_proj'], ['down_proj']] as Site[][]).map((targets) => ({
        products: undefined,
        ...form,
        choice,
        targets,
      })),
    ),
  );

  it.each(cases)(
    '$form $products, $choice, on $targets: values and gradients',
    ({ form, products, choice, targets }) => {
      const slots = CHOICES[choice]!;
      const base = Object.fromEntries(SITES.map((s) => [s, draw(`w.${s}`, [size[s][1], size[s][0]])])) as Record<
        Site,
        tf.Tensor2D
      >;
      const probe = draw('probe', [T, D]);
      const forward = form === 'additive' ? mixtureAdditive : mixtureFfn;
      const fast = (x: tf.Tensor2D, w: tf.Tensor2D, a: tf.Tensor2D[], b: tf.Tensor2D[]) => {
        const experts: ExpertFactors = Object.fromEntries(
          targets.map((s) => [s, { a: a[SITES.indexOf(s)]!, b: b[SITES.indexOf(s)]! }]),
        );
        const projections = {
          gate: (y: tf.Tensor2D) => linear(y, base.gate_proj),
          up: (y: tf.Tensor2D) => linear(y, base.up_proj),
          down: (y: tf.Tensor2D) => linear(y, base.down_proj),
          glu: swiglu<tf.Tensor2D>,
        };
        return forward(x, projections, experts, selectionOf(slots, w), {
          rank: R,
          scaling: SCALING,
          dropout: (_, y) => y,
          ...(products ? { products } : {}),
        });
      };
      const slow = (x: tf.Tensor2D, w: tf.Tensor2D, a: tf.Tensor2D[], b: tf.Tensor2D[]) => {
        const named = (list: tf.Tensor2D[]) =>
          Object.fromEntries(SITES.map((s, i) => [s, list[i]!])) as Record<Site, tf.Tensor2D>;
        return naive(form, targets, slots, x, w, base, named(a), named(b));
      };
      const inputs = [
        draw('x', [T, D]),
        tf.tensor2d(slots.map((row) => row.map(([, weight]) => weight!))),
        ...SITES.map((s) => draw(`a.${s}`, [E * R, size[s][0]])),
        ...SITES.map((s) => draw(`b.${s}`, [size[s][1], E * R])),
      ];
      const run = (f: typeof fast) => {
        const objective = (...t: tf.Tensor[]) => {
          const [x, w, ...rest] = t as tf.Tensor2D[];
          return f(x!, w!, rest.slice(0, 3), rest.slice(3)).mul(probe).sum();
        };
        const [x, w, ...rest] = inputs as tf.Tensor2D[];
        return { y: f(x!, w!, rest.slice(0, 3), rest.slice(3)), objective };
      };
      const got = run(fast);
      const want = run(slow);
      expect(worst(got.y, want.y)).toBeLessThan(2e-6);
      // Factors of a site that is not targeted have no gradient: leave them out.
      const used = [true, true, ...SITES.map((s) => targets.includes(s)), ...SITES.map((s) => targets.includes(s))];
      const gradsOf = (objective: (...t: tf.Tensor[]) => tf.Tensor) => {
        const free = inputs.filter((_, i) => used[i]);
        return tf.grads((...t: tf.Tensor[]) => {
          let next = 0;
          return objective(...inputs.map((input, i) => (used[i] ? t[next++]! : input)));
        })(free);
      };
      const gotGrads = gradsOf(got.objective);
      gradsOf(want.objective).forEach((want, i) => expect(worst(gotGrads[i]!, want)).toBeLessThan(5e-6));
    },
  );
});
