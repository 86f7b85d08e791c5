import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson, didYouMean, parseOptions, stableHash, UserError, type Json } from './index.js';

describe('canonicalJson', () => {
  it('does not depend on key order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(stableHash(object as Json)).toBe(stableHash(reversed as Json));
        expect(JSON.parse(canonicalJson(object as Json))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it('hashes as sha256 of the text', () => {
    // printf '{"a":1,"b":[true,null]}' | sha256sum
    expect(stableHash({ b: [true, null], a: 1 })).toBe(
      '1cc69c7fa23616ca2ec3ee70d24390a6225c8832db8a4c814c7e0e7f942f8668',
    );
  });
});

describe('parseOptions', () => {
  const schema = z.strictObject({ topK: z.int().min(1), router: z.strictObject({ id: z.enum(['linear', 'graph']) }) });

  it.each([
    [{ topK: 0, router: { id: 'linear' } }, /^sweep.yaml: topK: Too small: .*>=1 \(got 0\)$/],
    [{ topK: 1, router: { id: 'x' } }, /^sweep.yaml: router.id: Invalid option.*"linear"\|"graph" \(got "x"\)$/],
    [{ topK: 1, router: { id: 'linear' }, extra: 1 }, /Unrecognized key: "extra"; known: topK, router$/],
    [{ topK: 1, ruoter: { id: 'linear' } }, /router: is missing: expected object/],
    [{ topK: NaN, router: { id: 'linear' } }, /topK: must be a finite number \(got NaN\)$/],
    [
      { topk: 2, topK: 2, router: { id: 'linear' } },
      /Unrecognized key: "topk"; did you mean 'topK'\? known: topK, router$/,
    ],
  ])('names field, value and what is allowed', (input, message) => {
    expect(() => parseOptions(schema, input, 'sweep.yaml')).toThrow(message);
    expect(() => parseOptions(schema, input)).toThrow(UserError);
  });
});

describe('didYouMean', () => {
  it.each([
    ['gird', "did you mean 'grid'? "],
    ['seed', "did you mean 'seeds'? "],
    ['Router', "did you mean 'router'? "],
    ['ruoter', "did you mean 'router'? "],
    ['lr', ''],
    ['momentum', ''],
  ])('%s: %j', (written, said) => {
    expect(didYouMean(written, ['grid', 'seeds', 'router', 'learningRate', 'k'])).toBe(said);
  });
});
