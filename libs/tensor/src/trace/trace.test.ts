import { describe, expect, it } from 'vitest';
import { HostTensor } from '../host-tensor.js';
import type { tf } from '../tf.js';
import { nameInputs, trace } from './trace.js';

const isHost = (value: unknown): value is HostTensor => value instanceof HostTensor;
const opsOf = (fn: (x: tf.Tensor) => unknown) =>
  trace(fn, [nameInputs(HostTensor.float([1, 2, 3, 4, 5, 6], [2, 3]), 'x', isHost)]).model.nodes.map(({ op }) => op);

describe('reshape in a trace', () => {
  it('is one node, however many there are in a row', () => {
    expect(opsOf((x) => x.reshape([6]).expandDims(0).reshape([3, 2]).neg())).toEqual(['Reshape', 'Neg', 'Identity']);
  });

  it('is none where the value comes back to its own shape', () => {
    expect(opsOf((x) => x.reshape([6]).reshape([2, 3]).neg())).toEqual(['Neg', 'Identity']);
  });

  it('gives each shape that is read a node of its own, and twins one', () => {
    const ops = opsOf((x) =>
      x
        .mul(2)
        .reshape([6])
        .add(x.mul(2).reshape([6]))
        .add(x.reshape([6])),
    );
    expect(ops).toEqual(['Mul', 'Reshape', 'Add', 'Reshape', 'Add', 'Identity']);
  });
});
