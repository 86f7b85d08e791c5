import type { Component } from '../component/component.js';
import type { ComponentRegistry } from '../component/component-registry.js';
import type { ComponentKind } from '../component/kind.js';

/** One thing that every component of a kind must hold. */
export interface ContractCheck {
  readonly name: string;
  /** Throws (an AssertionError, say) where it does not hold. */
  run(): void | Promise<void>;
}

/**
 * What a kind demands of its components, as checks that need no test runner: `gmoe check` runs them on a file outside this
 * repository, `testChecks` in a test file.
 */
export interface Contract<T = unknown, Case extends ContractCase = ContractCase> {
  readonly kind: ComponentKind<T>;
  /**
   * @param cases options to check it with; default: its defaults alone
   * @param registry for components whose options name others
   */
  checks(component: Component<T>, cases?: readonly Case[], registry?: ComponentRegistry): readonly ContractCheck[];
}

export const DEFAULTS: readonly ContractCase[] = [{ name: 'defaults' }];

/** One configuration that a component is checked in. */
export interface ContractCase {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}
