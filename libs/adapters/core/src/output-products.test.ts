import type { tf } from '@gmoe/tensor';
import { RandomKey } from '@gmoe/tensor';
import { onBothEngines } from '@gmoe/tensor/testing';
import { expect, it } from 'vitest';
import { outputProducts } from './output-products.js';

it('equals the inner products of the outputs themselves, on both engines', async () => {
  const [tokens, experts, rank, width] = [4, 3, 2, 5];
  const key = RandomKey.fromSeed(12);
  const inner = key.fold('h').normal([tokens, experts * rank]);
  const b = key.fold('b').normal([width, experts * rank]);
  const output = (t: number, e: number) =>
    Array.from({ length: width }, (_, o) => {
      let sum = 0;
      for (let r = e * rank; r < (e + 1) * rank; r++) {
        sum += b.data[o * experts * rank + r]! * inner.data[t * experts * rank + r]!;
      }
      return sum;
    });
  const { eager, compiled } = await onBothEngines(
    (_: object, inner_TM: tf.Tensor2D, b_OM: tf.Tensor2D) => outputProducts(inner_TM, b_OM, experts),
    {},
    [inner, b],
  );
  for (const got of [eager, compiled]) {
    expect(got.shape).toEqual([tokens, experts, experts]);
    got.data.forEach((value, i) => {
      const [t, e, f] = [Math.floor(i / experts ** 2), Math.floor(i / experts) % experts, i % experts];
      const want = output(t, e).reduce((sum, own, o) => sum + own * output(t, f)[o]!, 0);
      expect(value).toBeCloseTo(want, 4);
    });
  }
});
