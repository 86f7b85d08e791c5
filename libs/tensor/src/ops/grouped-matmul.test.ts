import { describe, expect, it } from 'vitest';
import { groupedMatMul, groupedPlaces, groupRows, HostTensor, RandomKey, tf } from '../index.js';
import { onBothEngines, relativeError } from '../testing/index.js';

const [T, I, O, G] = [75, 5, 7, 4];
const key = RandomKey.fromSeed(3);
const x = key.fold('x').normal([T, I]);
const probe = key.fold('probe').normal([T, O]);
/** More rows than a block holds, one, many, and none. */
const groupOf = Array.from({ length: T }, (_, t) => (t % 2 === 0 ? 0 : t === 31 ? 1 : 2));

describe('groupedMatMul', () => {
  it.each([false, true])(
    'is a product per row, with its gradients, on both engines; transposed: %s',
    async (transposed) => {
      const w = key.fold('w').normal(transposed ? [G, O, I] : [G, I, O]);
      const at = (g: number, i: number, o: number) => g * I * O + (transposed ? o * I + i : i * O + o);
      const y = new Float64Array(T * O);
      const dx = new Float64Array(T * I);
      const dw = new Float64Array(G * I * O);
      groupOf.forEach((g, t) => {
        for (let i = 0; i < I; i++) {
          for (let o = 0; o < O; o++) {
            y[t * O + o]! += x.data[t * I + i]! * w.data[at(g, i, o)]!;
            dx[t * I + i]! += probe.data[t * O + o]! * w.data[at(g, i, o)]!;
            dw[at(g, i, o)]! += probe.data[t * O + o]! * x.data[t * I + i]!;
          }
        }
      });
      const fn = (_: object, x_TI: tf.Tensor2D, weights: tf.Tensor3D, ids_T: tf.Tensor1D, probe_TO: tf.Tensor2D) => {
        const product = (a: tf.Tensor, b: tf.Tensor) =>
          groupedMatMul(a as tf.Tensor2D, b as tf.Tensor3D, groupRows(ids_T, G), transposed);
        const [gx, gw] = tf.grads((a, b) => product(a!, b!).mul(probe_TO).sum())([x_TI, weights]);
        return { y: product(x_TI, weights), gx: gx!, gw: gw! };
      };
      const { compiled, eager } = await onBothEngines(fn, {}, [x, w, HostTensor.int(groupOf), probe]);
      for (const out of [compiled, eager]) {
        expect(relativeError(out.y.data, y)).toBeLessThan(1e-6);
        expect(relativeError(out.gx.data, dx)).toBeLessThan(1e-6);
        expect(relativeError(out.gw.data, dw)).toBeLessThan(1e-6);
      }
    },
  );

  it('has places for the worst case: every group with one row in its last block', () => {
    const ids = [...Array.from({ length: 65 }, () => 0), 1, 2, 3];
    const { placeOf_T, rowAt_P, groupOfBlock_J } = groupRows(tf.tensor1d(ids, 'int32'), 4);
    expect([...groupOfBlock_J.dataSync()]).toEqual([0, 0, 0, 1, 2, 3].slice(0, groupedPlaces(68, 4) / 32));
    expect(groupedPlaces(68, 4)).toBe(6 * 32);
    const at = rowAt_P.dataSync();
    [...placeOf_T.dataSync()].forEach((place, t) => expect(at[place]).toBe(t));
  });
});
