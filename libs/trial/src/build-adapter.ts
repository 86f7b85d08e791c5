import { adapterKind, type Adapter } from '@gmoe/adapters-core';
import { coordinationKind } from '@gmoe/coordination-core';
import type { ComponentRegistry } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import { routerKind } from '@gmoe/routers-core';
import type { TrialConfig } from './trial-schema.js';

/** The adapter that a config describes, on a base model. */
export function buildAdapter(
  config: Pick<TrialConfig, 'adapter' | 'router' | 'coordination'>,
  base: ModelConfig,
  components: ComponentRegistry,
): Adapter {
  return components.build(adapterKind, config.adapter).build({
    config: base,
    ...(config.router ? { router: components.build(routerKind, config.router) } : {}),
    coordination: config.coordination.map((choice) => components.build(coordinationKind, choice)),
  });
}
