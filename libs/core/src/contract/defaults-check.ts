import assert from 'node:assert/strict';
import type { Component } from '../component/component.js';
import type { ComponentRegistry } from '../component/component-registry.js';
import { createComponent } from '../component/create-component.js';
import { FIDELITIES } from '../fidelity.js';
import type { ContractCheck } from './contract.js';

/** That a component can be made without naming any option, under each fidelity. */
export function defaultsCheck(
  component: Component<{ readonly id: string }>,
  registry: ComponentRegistry | undefined,
): ContractCheck {
  return {
    name: 'has a default for every option, under each fidelity',
    run() {
      for (const fidelity of FIDELITIES) {
        const made = createComponent(component, {}, { fidelity, ...(registry ? { registry } : {}) });
        assert.equal(made.id, component.id);
      }
    },
  };
}
