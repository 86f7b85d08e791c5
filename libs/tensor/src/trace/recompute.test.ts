import { describe, expect, it } from 'vitest';
import { createEngine } from '../engine/create-engine.js';
import { HostTensor } from '../host-tensor.js';
import { beginBackward, recomputable } from '../ops/recomputable.js';
import { tf } from '../tf.js';
import { GraphBuilder } from './graph-builder.js';
import { RECOMPUTES, type Recompute } from './recompute.js';

/** Three layers `x = x + tanh(x W) P`, W frozen and P trained, each a block, with the gradient by hand. */
function layered(recompute: Recompute) {
  const graph = new GraphBuilder();
  const layers: { x: string; tanh: string }[] = [];
  let x = graph.node('Identity', ['input']);
  for (let layer = 0; layer < 3; layer++) {
    x = graph.inBlock(() => {
      const tanh = graph.node('Tanh', [graph.node('MatMul', [x, `w${layer}`])]);
      layers.push({ x, tanh });
      return graph.node('Add', [x, graph.node('MatMul', [tanh, `p${layer}`])]);
    });
  }
  const loss = graph.node('ReduceSum', [graph.node('Mul', [x, x])]);
  graph.beginBackward();
  let dx = graph.node('Mul', [x, graph.scalar(2)]);
  const gradients: string[] = [];
  for (const [layer, { tanh }] of [...layers.entries()].reverse()) {
    gradients.push(graph.node('FusedMatMul', [tanh, dx], { transA: 1 }));
    const back = graph.node('Mul', [graph.node('MatMul', [dx, `p${layer}`]), graph.node('Mul', [tanh, tanh])]);
    dx = graph.node('Add', [dx, graph.node('MatMul', [back, `w${layer}`])]);
  }
  return { layers, ...graph.finish([loss, ...gradients], recompute) };
}

describe('recomputeBlocks', () => {
  const again = (recompute: Recompute) =>
    layered(recompute)
      .nodes.filter(({ outputs }) => outputs[0]!.endsWith(':again'))
      .map(({ op }) => op);

  it('computes again what the backward pass reads of a block, and no block that is the last', () => {
    expect(again('none')).toEqual([]);
    // The product with P is not read; x stays, as what enters a block does.
    expect(again('full')).toEqual(['MatMul', 'Tanh', 'MatMul', 'Tanh']);
    expect(again('selective')).toEqual(['Tanh', 'Tanh']);
  });

  it('waits for the gradient of the block behind, and keeps an order of computation', () => {
    const { nodes, layers } = layered('full');
    const made = new Set<string>();
    for (const { inputs, outputs } of nodes) {
      inputs.filter((name) => name.startsWith('v')).forEach((name) => expect(made.has(name), name).toBe(true));
      outputs.forEach((name) => made.add(name));
    }
    const readers = (name: string) => nodes.flatMap((node, i) => (node.inputs.includes(name) ? [i] : []));
    const first = readers(layers[2]!.tanh).at(-1)!;
    const renewed = nodes.findIndex(({ outputs }) => outputs[0] === `${layers[1]!.tanh}:again`);
    expect(renewed).toBeGreaterThan(first);
    expect(readers(layers[1]!.tanh)).toHaveLength(1);
    expect(readers(`${layers[1]!.tanh}:again`).length).toBeGreaterThan(1);
  });
});

describe('recompute of an engine', () => {
  const width = 6;
  const values = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed));
  const frozen = { weights: [0, 1, 2].map((seed) => new HostTensor(values(width * width, seed), [width, width])) };
  const params = new HostTensor(values(3 * width, 5), [3, width]);
  const input = new HostTensor(values(4 * width, 9), [4, width]);

  /** Gradient of a net with a product, a softmax that a later loss reads, and a scaling that is trained, three times. */
  function gradient({ weights }: { weights: tf.Tensor2D[] }, p_LD: tf.Tensor2D, x_ND: tf.Tensor2D) {
    const { value, grad } = tf.valueAndGrad((p: tf.Tensor) => {
      const rows = tf.unstack(p);
      let x = x_ND;
      let aside = tf.scalar(0);
      for (const [i, w] of weights.entries()) {
        x = recomputable(() => {
          const gate = tf.softmax(tf.matMul(x, w).mul(rows[i]!));
          aside = aside.add(gate.square().sum());
          return x.add<tf.Tensor2D>(tf.tanh(gate.mul(x).mul(3)));
        });
      }
      const loss = x.square().sum().add<tf.Scalar>(aside);
      beginBackward();
      return loss;
    })(p_LD);
    return { loss: value, gradient: grad };
  }

  async function run(options: Parameters<typeof createEngine>[0]) {
    const engine = await createEngine({ device: 'cpu', ...options });
    const result = await engine.jit(gradient, { name: 'net', frozen })(params, input);
    await engine.dispose();
    return [...result.loss.data, ...result.gradient.data];
  }

  it('changes no bit, and equals the eager engine', async () => {
    const [none, selective, full] = await Promise.all(RECOMPUTES.map((recompute) => run({ recompute })));
    expect(selective).toEqual(none);
    expect(full).toEqual(none);
    const eager = await run({ engine: 'eager' });
    none!.forEach((value, i) => expect(Math.abs(value - eager[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))));
  });

  it('is refused by the eager engine', async () => {
    await expect(createEngine({ engine: 'eager', device: 'cpu', recompute: 'full' })).rejects.toThrow(
      "recompute: 'full' is for the compiled engine; the eager engine takes none",
    );
  });
});
