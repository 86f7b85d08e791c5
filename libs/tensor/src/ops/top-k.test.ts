import { describe, expect, it } from 'vitest';
import { createEngine } from '../engine/create-engine.js';
import { HostTensor } from '../host-tensor.js';
import { tf } from '../tf.js';
import { takeAlongLast } from './take-along.js';
import { oneHot, topKIds, topKMask } from './top-k.js';

describe.each([
  { engine: 'compiled', device: 'cpu' },
  { engine: 'eager', device: 'wasm' },
  { engine: 'eager', device: 'cpu' },
] as const)('top-k on $engine $device', (options) => {
  it('ids, one-hot rows, mask and values', async () => {
    const engine = await createEngine(options);
    const program = engine.jit(
      (_: object, x: tf.Tensor2D) => {
        const ids = topKIds(x, 2);
        return { ids, rows: oneHot(ids, 4), mask: topKMask(x, 2), values: takeAlongLast(x, ids) };
      },
      { name: 'top-k', frozen: {} },
    );
    const { ids, rows, mask, values } = await program(HostTensor.float([1, 4, 3, 2, 9, 0, 0.5, 8], [2, 4]));
    expect(ids).toEqual(HostTensor.int([1, 2, 0, 3], [2, 2]));
    expect(rows).toEqual(HostTensor.float([0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1], [2, 2, 4]));
    expect(mask).toEqual(HostTensor.float([0, 1, 1, 0, 1, 0, 0, 1], [2, 4]));
    expect(values).toEqual(HostTensor.float([4, 3, 9, 8], [2, 2]));
    await engine.dispose();
  });

  it('one expert: one-hot rows of depth 1', async () => {
    const engine = await createEngine(options);
    const program = engine.jit(
      (_: object, x: tf.Tensor2D) => ({ ids: topKIds(x, 1), rows: oneHot(topKIds(x, 1), 1), mask: topKMask(x, 1) }),
      { name: 'one-expert', frozen: {} },
    );
    const { ids, rows, mask } = await program(HostTensor.float([0.3, -2], [2, 1]));
    expect(ids).toEqual(HostTensor.int([0, 0], [2, 1]));
    expect(rows).toEqual(HostTensor.float([1, 1], [2, 1, 1]));
    expect(mask).toEqual(HostTensor.float([1, 1], [2, 1]));
    await engine.dispose();
  });

  it('one expert: a gradient goes past its choice', async () => {
    const engine = await createEngine(options);
    const program = engine.jit(
      (_: object, x: tf.Tensor2D) => {
        const chosen = (scores: tf.Tensor2D) => oneHot(topKIds(scores, 1), 1).reshape<tf.Tensor2D>([2, 1]);
        return { gradient: tf.grad((scores) => scores.mul(chosen(scores as tf.Tensor2D)).sum())(x) };
      },
      { name: 'one-expert-gradient', frozen: {} },
    );
    const { gradient } = await program(HostTensor.float([0.3, -2], [2, 1]));
    expect(gradient).toEqual(HostTensor.float([1, 1], [2, 1]));
    await engine.dispose();
  });
});
