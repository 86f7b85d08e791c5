import { createAdapter, type Adapter } from '@gmoe/adapters-moe-lora';
import { coordinationKind } from '@gmoe/coordination-core';
import type { ComponentRegistry } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import { routerKind, selectorKind } from '@gmoe/routers-core';
import type { TrialConfig } from './trial-schema.js';

/** The adapter that a config describes, on a base model. */
export function buildAdapter(
  config: Pick<TrialConfig, 'adapter' | 'router' | 'coordination'>,
  base: ModelConfig,
  components: ComponentRegistry,
): Adapter {
  const { lora, mixture } = config.adapter;
  return createAdapter({
    config: base,
    lora,
    mixture,
    ...(mixture && config.router
      ? {
          router: components.build(routerKind, config.router),
          selector: components.build(selectorKind, mixture.selector),
          coordination: config.coordination.map((choice) => components.build(coordinationKind, choice)),
        }
      : {}),
  });
}
