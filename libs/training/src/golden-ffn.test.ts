import type { ModelConfig } from '@gmoe/model';
import { createEngine, FlatLayout, HostTensor, linear, type tf } from '@gmoe/tensor';
import { describe, expect, it } from 'vitest';
import { haveGoldens, readGolden, relativeToMax } from './testing/goldens.js';
import { gather, layerSources, referenceAdapter, type ReferenceConfig } from './testing/reference-adapter.js';
import { graphRouter, linearRouter, selectedCount } from './testing/reference-method.js';
import { valueAndGradient } from './value-and-gradient.js';

interface Golden extends ReferenceConfig {
  d: number;
  ffn: number;
  layers: number;
  objective_value: number;
}

if (!haveGoldens) console.warn("SKIPPED: the authors' goldens (GMOE_SHARED) are not on this machine");

describe.runIf(haveGoldens)("mixture FFN equals the authors' classes (goldens d)", () => {
  const graph = ['mlp.weight', 'mlp_struct.weight', 'proj.weight', 'convs.0.lin.weight', 'convs.1.lin.weight'];
  const cases = [
    { name: 'd_ffn_goe', router: graphRouter(2), gate: graph },
    { name: 'd_ffn_mixtral', router: linearRouter, gate: ['weight'] },
  ].flatMap((one) => (['compiled', 'eager'] as const).map((engine) => ({ ...one, engine })));

  it.each(cases)(
    '$name, $engine: output, objective and every gradient within 1e-5',
    async ({ name, router, gate, engine: engineName }) => {
      const { tensors, json } = readGolden<Golden>(name);
      const config = {
        layers: 1,
        hiddenSize: json.d,
        ffnSize: json.ffn,
        heads: 1,
        kvHeads: 1,
        headSize: json.d,
      } as ModelConfig;
      const adapter = referenceAdapter(config, json, router, [], false);
      const sources = layerSources(0, json.experts, '', '', gate);
      const trainable = Object.fromEntries(sources.map((source) => [source.ours, gather(source, tensors, 'w.')]));
      const [batch, length] = tensors['x']!.shape as [number, number];
      const tokens = batch * length;
      const x = tensors['x']!.reshape([tokens, json.d]);
      const layout = new FlatLayout([
        ['x', x.shape],
        ...Object.entries(trainable).map(([key, { shape }]) => [key, shape] as const),
      ]);
      const frozenNames =
        gate.length > 1
          ? { 'model.layers.0.router.X': tensors['w.gate.X']!, 'model.layers.0.router.adj_norm': tensors['adj_norm']! }
          : {};
      const engine = await createEngine({ engine: engineName, device: 'cpu' });
      const program = engine.jit(
        (
          frozen: { base: { W1: tf.Tensor2D; W2: tf.Tensor2D; W3: tf.Tensor2D }; router: Record<string, tf.Tensor> },
          flat: tf.Tensor1D,
          mask: tf.Tensor1D,
          r: { R1: tf.Tensor2D; R2: tf.Tensor2D; R3: tf.Tensor1D },
        ) =>
          valueAndGradient((input: tf.Tensor1D) => {
            const { x: x_TD, ...params } = layout.split(input);
            const bound = adapter.bind(
              { trainable: params, frozen: frozen.router, state: {} },
              { tokenMask_T: mask, training: true },
            );
            const { W1, W2, W3 } = frozen.base;
            const out = bound.hooks.ffn!(0, x_TD as tf.Tensor2D, {
              gate: (y) => linear(y, W1),
              up: (y) => linear(y, W3),
              down: (y) => linear(y, W2),
            })!;
            const { probs_TE, mask_TE } = bound.routing().layers[0]!;
            const count = selectedCount(probs_TE, mask_TE, json.top_k);
            const loss = out
              .mul(r.R1)
              .sum()
              .add<tf.Scalar>(probs_TE.mul(r.R2).sum())
              .add<tf.Scalar>(count.mul(r.R3).sum());
            return { loss, rest: { out, probs_TE, count } };
          }, flat),
        {
          name,
          frozen: {
            base: { W1: tensors['W1']!, W2: tensors['W2']!, W3: tensors['W3']! },
            router: frozenNames as Record<string, HostTensor>,
          },
        },
      );
      const result = await program(layout.pack({ x, ...trainable }), HostTensor.full([tokens], 1), {
        R1: tensors['R1']!.reshape([tokens, json.d]),
        R2: tensors['R2']!,
        R3: tensors['R3']!,
      });
      expect(relativeToMax(result.rest.out.data, tensors['out']!.data)).toBeLessThan(1e-5);
      expect(relativeToMax(result.rest.probs_TE.data, tensors['router_probs']!.data)).toBeLessThan(1e-5);
      expect(relativeToMax(result.rest.count.data, tensors['count_after_1']!.data)).toBeLessThan(1e-5);
      expect(Math.abs(result.loss.item() / json.objective_value - 1)).toBeLessThan(1e-5);
      const gradients = layout.unpack(result.gradient);
      expect(relativeToMax(gradients['x']!.data, tensors['grad.x']!.data)).toBeLessThan(1e-5);
      for (const source of sources) {
        const want = gather(source, tensors, 'grad.');
        expect(relativeToMax(gradients[source.ours]!.data, want.data), source.ours).toBeLessThan(1e-5);
      }
      await engine.dispose();
    },
  );
});
