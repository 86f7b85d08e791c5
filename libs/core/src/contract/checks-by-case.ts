import type { Component } from '../component/component.js';
import type { ComponentRegistry } from '../component/component-registry.js';
import { createComponent } from '../component/create-component.js';
import type { ContractCase, ContractCheck } from './contract.js';

/** The checks of each case, under its name; `create` makes the component with the case's options. */
export function checksByCase<T, Case extends ContractCase>(
  component: Component<T>,
  cases: readonly Case[],
  registry: ComponentRegistry | undefined,
  checks: (one: Case, create: () => T) => readonly ContractCheck[],
): ContractCheck[] {
  return cases.flatMap((one) =>
    checks(one, () => createComponent(component, one.options, registry ? { registry } : {})).map((check) => ({
      ...check,
      name: `${one.name}: ${check.name}`,
    })),
  );
}
