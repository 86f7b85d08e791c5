import { coordinationKind } from '@gmoe/coordination-core';
import { didYouMean, UserError, type ComponentRegistry } from '@gmoe/core';
import type { TrialConfig } from './trial-schema.js';

/**
 * Losses that tell domains apart need examples of each domain that they name.
 *
 * @throws UserError for a name that no training example has
 */
export function checkNamedDomains(
  { coordination }: Pick<TrialConfig, 'coordination'>,
  components: ComponentRegistry,
  examples: readonly { readonly domain?: string }[],
): void {
  const asked = coordination.flatMap((choice, i) =>
    (components.build(coordinationKind, choice).domains ?? []).map((name) => ({ field: `coordination.${i}`, name })),
  );
  if (asked.length === 0) return;
  const known = [...new Set(examples.flatMap(({ domain }) => domain ?? []))].sort();
  const unknown = asked.find(({ name }) => !known.includes(name));
  if (!unknown) return;
  const there = known.length === 0 ? 'the examples have none' : `the training data have ${known.join(', ')}`;
  throw new UserError(
    `${unknown.field}.domains: no training example is of this domain; ${didYouMean(unknown.name, known)}${there} (got ${JSON.stringify(unknown.name)})`,
  );
}
