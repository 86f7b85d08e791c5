import { describe, expect, it } from 'vitest';
import { HostTensor } from '../host-tensor.js';
import { onBothEngines } from '../testing/index.js';
import { tf } from '../tf.js';
import { nameInputs, trace } from './trace.js';

const isHost = (value: unknown): value is HostTensor => value instanceof HostTensor;
const opsOf = (fn: (x: tf.Tensor) => unknown) =>
  trace(fn, [nameInputs(HostTensor.float([1, 2, 3, 4, 5, 6], [2, 3]), 'x', isHost)]).model.nodes.map(({ op }) => op);

describe('reshape in a trace', () => {
  it('is one node, however many there are in a row', () => {
    expect(opsOf((x) => x.reshape([6]).expandDims(0).reshape([3, 2]).neg())).toEqual(['Reshape', 'Neg']);
  });

  it('is none where the value comes back to its own shape', () => {
    expect(opsOf((x) => x.reshape([6]).reshape([2, 3]).neg())).toEqual(['Neg']);
  });

  it('gives each shape that is read a node of its own, and twins one', () => {
    const ops = opsOf((x) =>
      x
        .mul(2)
        .reshape([6])
        .add(x.mul(2).reshape([6]))
        .add(x.reshape([6])),
    );
    expect(ops).toEqual(['Mul', 'Reshape', 'Add', 'Reshape', 'Add']);
  });
});

describe('outputs of a trace', () => {
  it('are what nodes write, and copies only of inputs, constants and values that are outputs already', async () => {
    const program = (_: object, x: tf.Tensor) => {
      const y = x.mul(2);
      return { input: x, y, sum: y.add(1), again: y, constant: tf.scalar(3) };
    };
    const x = HostTensor.float([1, 2], [2]);
    const { nodes } = trace(program, [{}, nameInputs(x, 'x', isHost)] as never).model;
    expect(nodes.filter(({ op }) => op === 'Identity').map(({ outputs: [name] }) => name!.split(':')[2])).toEqual([
      'input',
      'again',
      'constant',
    ]);
    const { compiled, eager } = await onBothEngines(program, {}, [x]);
    for (const got of [compiled, eager]) {
      expect([...got.y.data]).toEqual([2, 4]);
      expect([...got.again.data]).toEqual([2, 4]);
      expect([...got.sum.data]).toEqual([3, 5]);
      expect([...got.input.data]).toEqual([1, 2]);
      expect([...got.constant.data]).toEqual([3]);
    }
  });
});
