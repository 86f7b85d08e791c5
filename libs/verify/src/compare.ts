import type { HostTensor } from '@gmoe/tensor';
import type { Check, Measure } from './case-report.js';

type Values = HostTensor | readonly number[] | number;

/** Suggested by the goldens' README for outputs, gradients and losses of one module. */
export const RELATIVE = 1e-5;

/** Compares what the product computed with the golden; a value that is not finite never passes. */
export function compare(
  name: string,
  got: Values,
  expected: Values,
  tolerance = RELATIVE,
  measure: Measure = 'relative',
): Check {
  const error = errorOf(valuesOf(got), valuesOf(expected), measure);
  return { name, measure, error, tolerance, passed: error <= tolerance };
}

/**
 * Compares parameters after training steps, absolutely. `slack` is what an element may differ beyond the tolerance; the error of such
 * an element is scaled down to the tolerance, so that `error <= tolerance` still decides.
 */
export function compareTrained(
  name: string,
  got: Values,
  expected: Values,
  tolerance: number,
  slack: ArrayLike<number>,
): Check {
  const [ours, theirs] = [valuesOf(got), valuesOf(expected)];
  const scaled = Float64Array.from(
    theirs,
    (value, i) => value + ((ours[i]! - value) * tolerance) / (tolerance + slack[i]!),
  );
  return compare(name, ours.length === theirs.length ? [...scaled] : got, expected, tolerance, 'absolute');
}

/** Compares integers: any difference fails. */
export function compareExactly(name: string, got: Values, expected: Values): Check {
  return compare(name, got, expected, 0, 'absolute');
}

function valuesOf(values: Values): ArrayLike<number> {
  if (typeof values === 'number') return [values];
  return 'data' in values ? values.data : values;
}

function errorOf(got: ArrayLike<number>, expected: ArrayLike<number>, measure: Measure): number {
  if (got.length !== expected.length || expected.length === 0) return Infinity;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    if (!Number.isFinite(got[i]!) || !Number.isFinite(expected[i]!)) return Infinity;
    difference = Math.max(difference, Math.abs(got[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return measure === 'absolute' || scale === 0 ? difference : difference / scale;
}
