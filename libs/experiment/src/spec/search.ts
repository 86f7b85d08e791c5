import { createHash } from 'node:crypto';
import { UserError, type Json } from '@gmoe/core';
import type { z } from 'zod';
import type { SearchRange, searchSchema } from './sweep-schema.js';

const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

/**
 * Radical inverse of `index` in `base`: the digits mirrored at the point. The Halton sequence (Halton 1960) is this with
 * one prime per dimension.
 */
export function radicalInverse(index: number, base: number): number {
  let value = 0;
  let scale = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    value += (rest % base) * scale;
    scale /= base;
  }
  return value;
}

/** A uniform number in [0, 1) that depends on its key alone. */
function keyedUniform(...key: readonly (string | number)[]): number {
  return createHash('sha256').update(key.join('/')).digest().readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Draws the points of a search. The same seed gives the same points, and more trials only add points.
 *
 * @throws UserError if a range is empty or cannot be logarithmic.
 */
export function searchPoints(search: z.output<typeof searchSchema>, where: string): Record<string, Json>[] {
  const axes = Object.entries(search.space).sort(([a], [b]) => (a < b ? -1 : 1));
  if (search.method === 'quasi-random' && axes.length > PRIMES.length) {
    throw new UserError(
      `${where}: search.space: at most ${PRIMES.length} axes for method quasi-random (got ${axes.length}); use random`,
    );
  }
  for (const [path, range] of axes) checkRange(path, range, where);
  return Array.from({ length: search.trials }, (_, index) =>
    Object.fromEntries(
      axes.map(([path, range], dimension) => {
        const uniform =
          search.method === 'random'
            ? keyedUniform('random', search.seed, path, index)
            : (radicalInverse(index + 1, PRIMES[dimension]!) + keyedUniform('shift', search.seed, path)) % 1;
        return [path, valueAt(range, uniform)];
      }),
    ),
  );
}

function checkRange(path: string, range: SearchRange, where: string): void {
  if ('values' in range) return;
  if (range.min > range.max) {
    throw new UserError(`${where}: search.space.${path}: min must be at most max (got ${range.min} and ${range.max})`);
  }
  if (range.scale === 'log' && range.min <= 0) {
    throw new UserError(`${where}: search.space.${path}.min: must be above 0 on a log scale (got ${range.min})`);
  }
}

function valueAt(range: SearchRange, uniform: number): Json {
  if ('values' in range) return range.values[Math.floor(uniform * range.values.length)] as Json;
  const { min, max, scale, integer } = range;
  if (integer) {
    const [low, high] = [Math.ceil(min), Math.floor(max)];
    const drawn = scale === 'log' ? low * ((high + 1) / low) ** uniform : low + uniform * (high + 1 - low);
    return Math.min(high, Math.floor(drawn));
  }
  const drawn = scale === 'log' ? min * (max / min) ** uniform : min + uniform * (max - min);
  return Math.min(max, Math.max(min, Number(drawn.toPrecision(4))));
}
