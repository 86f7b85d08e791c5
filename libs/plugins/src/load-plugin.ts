import { componentsOf, messageOf, UserError, type Component, type ContractCase } from '@gmoe/core';
import type { CompiledPlugin } from './compile-plugin.js';
import { placeProvided } from './provided.js';

/** A plug-in in memory. */
export interface LoadedPlugin extends CompiledPlugin {
  readonly components: readonly Component[];
  /** What the plug-in exports as `contractCases`: options to check a component with, by its id. */
  readonly cases: Readonly<Record<string, readonly ContractCase[]>>;
}

/**
 * Runs a compiled plug-in and takes what it exports.
 *
 * @param surface URL of the program's own `gmoe` module
 * @throws UserError if it throws, or exports no component
 */
export async function loadPlugin(plugin: CompiledPlugin, surface: string): Promise<LoadedPlugin> {
  const { source, code } = plugin;
  const placed = `${placeProvided(code, surface)}\n//# sourceURL=gmoe-plugin:${source}`;
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(`data:text/javascript;base64,${Buffer.from(placed).toString('base64')}`)) as typeof module;
  } catch (error) {
    throw new UserError(`plugins: ${source}: cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  const components = componentsOf(module);
  if (components.length === 0) {
    throw new UserError(
      `plugins: ${source}: exports no component; export what defineComponent(routerKind, { ... }) gives (got: ${Object.keys(module).join(', ') || 'no export'})`,
    );
  }
  return { ...plugin, components, cases: (module['contractCases'] ?? {}) as LoadedPlugin['cases'] };
}
