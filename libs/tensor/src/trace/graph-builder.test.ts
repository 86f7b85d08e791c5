import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.js';

describe('GraphBuilder', () => {
  it.each(['in its turn', 'where it is gathered'])(
    'puts what a gathering node alone reads before it, the first computed last: recorded %s',
    (recorded) => {
      const graph = new GraphBuilder();
      const count = 20;
      // A chain, as the backward pass is one, with a branch at each of its values, as weight gradients are.
      let chain = 'x';
      const reshaped = (name: string) => graph.node('Reshape', [name, graph.int64s([4])]);
      const gradients = Array.from({ length: count }, () => {
        chain = graph.node('Neg', [chain]);
        const gradient = graph.node('Gemm', [chain, 'w']);
        return recorded === 'in its turn' ? reshaped(gradient) : gradient;
      });
      const branches = recorded === 'in its turn' ? gradients : gradients.toReversed().map(reshaped).toReversed();
      const { nodes } = graph.finish([graph.node('Concat', branches, { axis: 0 })]);

      const made = new Set(['x', 'w']);
      for (const { inputs, outputs } of nodes) {
        inputs.filter((name) => name.startsWith('v')).forEach((name) => expect(made.has(name)).toBe(true));
        outputs.forEach((name) => made.add(name));
      }
      expect(nodes.map(({ op }) => op).slice(-count - 1)).toEqual([...Array<string>(count).fill('Reshape'), 'Concat']);
      expect(nodes.slice(-count - 1, -1).flatMap(({ outputs }) => outputs)).toEqual(branches.toReversed());
    },
  );

  it('puts what widens a weight first, where it is computed just before it is read', () => {
    const graph = new GraphBuilder();
    const layers = ['q0', 'q1'].reduce((x, q) => graph.node('MatMul', [x, graph.node('Cast', [q], { to: 1 })]), 'x');
    const { nodes } = graph.finish([graph.node('Cast', [layers], { to: 6 })]);
    expect(nodes.map(({ op }) => op)).toEqual(['Cast', 'Cast', 'MatMul', 'MatMul', 'Cast']);
  });

  it('leaves a short list of inputs where it stands', () => {
    const graph = new GraphBuilder();
    const parts = ['a', 'b'].map((name) => graph.node('Neg', [name]));
    const { nodes } = graph.finish([graph.node('Concat', parts, { axis: 0 })]);
    expect(nodes.map(({ inputs }) => inputs.join())).toEqual(['a', 'b', parts.join()]);
  });
});
