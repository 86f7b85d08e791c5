import type { Fidelity } from '../fidelity.js';
import type { Component } from './component.js';
import type { ComponentRegistry } from './component-registry.js';
import { resolveComponentOptions } from './resolve-config.js';

/**
 * A component from options as a config would write them, resolved under a fidelity (default `paper`).
 *
 * @param registry needed by components whose options name other components
 * @throws UserError on options that do not fit
 */
export function createComponent<T>(
  component: Component<T>,
  options: Readonly<Record<string, unknown>> = {},
  { fidelity, registry }: { readonly fidelity?: Fidelity; readonly registry?: ComponentRegistry } = {},
): T {
  const find: ComponentRegistry['find'] =
    registry?.find ??
    ((kind, id) => {
      throw new Error(`'${component.id}' needs the ${kind.label} '${id}': give the registry`);
    });
  const resolved = resolveComponentOptions(component, options, find, {
    ...(fidelity ? { fidelity } : {}),
    where: component.id,
  });
  return component.create(resolved, registry?.build);
}
