import { describe, expect, it } from 'vitest';
import { HostTensor, RandomKey, rope, tf } from '../index.js';
import { onBothEngines, relativeError } from '../testing/index.js';

const key = RandomKey.fromSeed(17);

/** Pairs (x_i, x_{i + P/2}) as complex numbers times cos + i sin, in double precision; `turn` -1 is the gradient's rotation. */
function rotated(x: HostTensor, angles: readonly number[], magnitude: number, turn: 1 | -1): number[] {
  const [, , heads, width] = x.shape as [number, number, number, number];
  const half = width / 2;
  return Array.from(x.data, (value, at) => {
    const column = at % width;
    const token = Math.floor(at / (heads * width));
    const angle = angles[token * half + (column % half)]!;
    const other = column < half ? -x.data[at + half]! : x.data[at - half]!;
    return magnitude * (value * Math.cos(angle) + turn * other * Math.sin(angle));
  });
}

describe('rope', () => {
  it.each([[[1, 1, 1, 2]], [[2, 5, 3, 4]], [[3, 1, 2, 6]], [[2, 7, 9, 20]], [[1, 33, 2, 64]], [[2, 3, 1, 80]]])(
    '%j: both engines rotate, and turn the gradient back',
    async (shape) => {
      const [batch, length, , width] = shape as [number, number, number, number];
      const x = key.fold('x').normal(shape);
      const dy = key.fold('dy').normal(shape);
      const angles = Array.from(key.fold('angles').uniform([batch * length * (width / 2)], -9, 9).data);
      const magnitude = 1.3;
      const table = (f: (angle: number) => number) =>
        HostTensor.float(
          Array.from({ length: batch * length * width }, (_, at) => {
            const token = Math.floor(at / width);
            return magnitude * f(angles[token * (width / 2) + (at % (width / 2))]!);
          }),
          [batch, length, 1, width],
        );
      const program = (
        _: Record<string, tf.Tensor>,
        input: tf.Tensor4D,
        gradient: tf.Tensor4D,
        cos: tf.Tensor4D,
        sin: tf.Tensor4D,
      ) => {
        const { value, grad } = tf.valueAndGrad((given: tf.Tensor) => {
          return rope(given as tf.Tensor4D, cos, sin)
            .mul(gradient)
            .sum() as tf.Scalar;
        })(input);
        return { value, grad, y: rope(input, cos, sin) };
      };
      const both = await onBothEngines(program, {}, [x, dy, table(Math.cos), table(Math.sin)]);
      for (const got of [both.compiled, both.eager]) {
        expect(relativeError(got.y.data, rotated(x, angles, magnitude, 1))).toBeLessThan(1e-6);
        expect(relativeError(got.grad.data, rotated(dy, angles, magnitude, -1))).toBeLessThan(1e-6);
      }
    },
  );
});
