import { createAdapter, type Adapter } from '@gmoe/adapters-moe-lora';
import { parseOptions } from '@gmoe/core';
import type { ModelConfig } from '@gmoe/model';
import type { z } from 'zod';
import type { Registries } from './registries.js';
import type { TrialConfig } from './trial-schema.js';

interface Definition<T> {
  readonly options: z.ZodType;
  create(options: never): T;
}

/** A component from its part of the config, `{ id, ...options }`. */
function build<T>(registry: { get(id: string): Definition<T> }, component: { readonly id: string }): T {
  const { id, ...options } = component;
  const definition = registry.get(id);
  return definition.create(parseOptions(definition.options, options, id) as never);
}

/** The adapter that a config describes, on a base model. */
export function buildAdapter(
  config: Pick<TrialConfig, 'adapter' | 'router' | 'coordination'>,
  base: ModelConfig,
  registries: Registries,
): Adapter {
  const { lora, mixture } = config.adapter;
  return createAdapter({
    config: base,
    lora,
    mixture,
    ...(mixture && config.router
      ? {
          router: build(registries.routers, config.router),
          selector: build(registries.selectors, mixture.selector),
          coordination: config.coordination.map((component) => build(registries.coordination, component)),
        }
      : {}),
  });
}
