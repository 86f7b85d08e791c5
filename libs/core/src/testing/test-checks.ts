import { describe, it } from 'vitest';
import type { ContractCheck } from '../contract/contract.js';

/** Runs a contract's checks as tests. Call it at the top level of a test file. */
export function testChecks(name: string, checks: readonly ContractCheck[]): void {
  describe(name, () => {
    for (const check of checks) it(check.name, () => check.run());
  });
}
