import { adapterKind } from '@gmoe/adapters-core';
import { UserError, type ComponentRegistry } from '@gmoe/core';
import type { JsonObject, TrialRule } from '@gmoe/experiment';
import type { TrialConfig } from './trial-schema.js';

/** What `adapter: { lora, mixture }` without an id means. */
const MIXTURE = 'moe-lora';
const PLAIN = 'lora';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A trial config in which the adapter has an id: `{ lora, mixture }` is `moe-lora`, and plain `lora` where the mixture is null.
 * @throws UserError if both are null
 */
export function withAdapterId(config: JsonObject, where: string): JsonObject {
  const { adapter } = config;
  if (!isObject(adapter) || (adapter['id'] ?? MIXTURE) !== MIXTURE) return config;
  const { lora, mixture } = adapter;
  if (mixture !== null) return { ...config, adapter: { id: MIXTURE, ...adapter } };
  if (lora === null) {
    const field = [where, 'adapter'].filter(Boolean).join(': ');
    throw new UserError(`${field}: lora and mixture are both null: nothing would train; set one of them`);
  }
  const others = Object.entries(adapter).filter(([key]) => !['id', 'lora', 'mixture'].includes(key));
  return { ...config, adapter: { id: PLAIN, ...(isObject(lora) ? lora : {}), ...Object.fromEntries(others) } };
}

/** What the adapter says of the config: whether its options fit together, and whether it wants a router. */
export function adapterRule(components: ComponentRegistry): TrialRule<TrialConfig> {
  return ({ adapter, router, coordination }) => {
    const { routed, problem } = components.build(adapterKind, adapter);
    if (problem) {
      return { field: ['adapter', problem.field].filter(Boolean).join('.'), message: problem.message };
    }
    const about = `since the adapter '${adapter.id}' ${routed ? 'routes tokens' : 'has nothing to route'}`;
    if (routed && !router) return { field: 'router', message: `must name a router, ${about}` };
    if (!routed && router) return { field: 'router', message: `must be null, ${about}` };
    if (!routed && coordination.length > 0) return { field: 'coordination', message: `must be empty, ${about}` };
    return undefined;
  };
}
