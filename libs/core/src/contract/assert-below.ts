import assert from 'node:assert/strict';

/** @throws AssertionError with both numbers unless `value` (no NaN) is smaller than `limit` */
export function assertBelow(value: number, limit: number, what: string): void {
  assert.ok(value < limit, `${what}: ${value} is not below ${limit}`);
}
