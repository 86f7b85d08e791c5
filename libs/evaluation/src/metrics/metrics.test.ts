import { describe, expect, it } from 'vitest';
import { wilsonInterval } from './accuracy.js';
import { normalizeAnswer } from './exact-match.js';
import { macroF1 } from './macro-f1.js';

describe('metrics', () => {
  it.each([
    // statsmodels.stats.proportion.proportion_confint(k, n, method='wilson')
    [7, 10, 0.39677815, 0.89220873],
    [0, 20, 0, 0.16112516],
    [20, 20, 0.83887484, 1],
    [113, 299, 0.32484385, 0.43410593],
  ])('Wilson interval of %d of %d', (k, n, low, high) => {
    const interval = wilsonInterval(k, n);
    expect(interval.low).toBeCloseTo(low, 7);
    expect(interval.high).toBeCloseTo(high, 7);
  });

  it('macro F1 by hand', () => {
    // class 0: TP 1, FP 1, FN 1 -> 1/2; 1: TP 1, FP 1, FN 1 -> 1/2; 2: TP 2, FP 1 -> 4/5; 3: FN 1 -> 0
    expect(macroF1([0, 1, 2, 2, 1, 0, 3], [0, 2, 2, 2, 1, 1, 0])).toBeCloseTo((0.5 + 0.5 + 0.8 + 0) / 4, 12);
  });

  it.each([
    // normalize_answer of SQuAD's evaluate-v1.1.py
    ['The  Cat, sat on a mat.', 'cat sat on mat'],
    [' TRUE\n', 'true'],
    ["an “A-1” isn't the answer", '“a1” isnt answer'],
    ['Theatre and another', 'theatre and another'],
    ['A.B. an', 'ab'],
    ['$12,000 (approx.)', '12000 approx'],
    ['éa the', 'éa'],
    ['Ünïcode\u00a0the end', 'ünïcode end'],
  ])('SQuAD normalises %j to %j', (text, normal) => expect(normalizeAnswer(text)).toBe(normal));

  it('an answer of articles alone stays', () => {
    expect([' A', 'a', 'The a.'].map(normalizeAnswer)).toEqual(['a', 'a', 'the a']);
  });
});
