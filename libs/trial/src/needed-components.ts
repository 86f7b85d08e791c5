import { adapterKind, type AdapterDescription, type NeededComponent } from '@gmoe/adapters-core';
import { coordinationKind } from '@gmoe/coordination-core';
import { componentField, usedComponents, UserError, type ComponentChoice, type ComponentRegistry } from '@gmoe/core';
import { routerKind } from '@gmoe/routers-core';
import { z } from 'zod';

interface Choices {
  readonly adapter: ComponentChoice;
  readonly router: ComponentChoice | null;
  readonly coordination: readonly ComponentChoice[];
}

const choicesSchema = z.object({
  adapter: componentField(adapterKind),
  router: componentField(routerKind).nullable(),
  coordination: z.array(componentField(coordinationKind)),
});

/** The components that an adapter consists of: its own, router, strategies, and those that their options name. */
export function neededComponents(
  { adapter, router, coordination }: Choices,
  registry: ComponentRegistry,
): NeededComponent[] {
  const used = usedComponents(choicesSchema, { adapter, router, coordination }, registry);
  return used.map(({ kind, id }) => ({ kind: kind.name, id }));
}

/**
 * Checks that every component that an adapter folder names is known here.
 * @throws UserError naming all that are missing
 */
export function checkComponents(
  { adapter, router, coordination, components }: AdapterDescription,
  registry: ComponentRegistry,
  where: string,
): void {
  const named = [
    { kind: adapterKind.name, id: adapter.id },
    ...(router ? [{ kind: routerKind.name, id: router.id }] : []),
    ...coordination.map(({ id }) => ({ kind: coordinationKind.name, id })),
    ...components,
  ];
  const missing = named.filter(({ kind, id }) => {
    const known = registry.kinds.find(({ name }) => name === kind);
    return !known || !registry.has(known, id);
  });
  if (missing.length === 0) return;
  const list = [...new Set(missing.map(({ kind, id }) => `${kind} '${id}'`))].join(', ');
  throw new UserError(`${where}: needs what is not known here: ${list}; name the plug-in that has it`);
}
