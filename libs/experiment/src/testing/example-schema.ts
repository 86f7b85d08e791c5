import { componentField, componentKind, ComponentRegistry, defineComponent, type Component } from '@gmoe/core';
import { z } from 'zod';
import { createTrialSchema, mergeConfig, presetKind, type JsonObject } from '../spec/index.js';

const routerKind = componentKind<string>('router');
const strategyKind = componentKind<string>('coordination');

const linear = defineComponent(routerKind, {
  id: 'linear',
  description: 'no options',
  options: z.strictObject({}),
  create: () => 'linear',
});
const graph = defineComponent(routerKind, {
  id: 'graph',
  description: 'options that a fidelity changes',
  options: z.strictObject({
    width: z.int().min(1).default(256),
    density: z.number().min(0).max(1).default(0.1),
  }),
  fidelity: { reference: { width: 128, density: 0.25 } },
  create: () => 'graph',
});
const strategies = ['poisson', 'normal'].map((id) =>
  defineComponent(strategyKind, {
    id,
    description: 'a loss',
    options: z.strictObject({ coefficient: z.number().min(0).default(1) }),
    create: () => id,
  }),
);

/** What the example's configs can name. */
export const exampleComponents = (presets: readonly Component[] = []) =>
  new ComponentRegistry([routerKind, strategyKind, presetKind], [linear, graph, ...strategies, ...presets]);

/** A small trial config of the real one's shape: components, fidelity, lists, a cross-field rule. */
export const schemaOver = (components: ComponentRegistry) =>
  createTrialSchema({
    components,
    sections: {
      base: z.string().default('bundled'),
      fidelity: z.enum(['paper', 'reference']).default('paper'),
      adapter: z
        .strictObject({ experts: z.int().min(1).default(8), k: z.int().min(1).default(2), rank: z.int().default(4) })
        .prefault({}),
      router: componentField(routerKind).prefault({ id: 'linear' }),
      coordination: z.array(componentField(strategyKind)).default([]),
      optimizer: z.strictObject({ learningRate: z.number().positive().default(2e-4) }).prefault({}),
      steps: z.int().min(1).default(10),
      fault: z.string().optional(),
      quality: z.number().optional(),
      engine: z.strictObject({ threads: z.int().default(1) }).prefault({}),
    },
    rules: [
      ({ adapter }) =>
        adapter.k > adapter.experts
          ? { field: 'adapter.k', message: `must be at most adapter.experts = ${adapter.experts}` }
          : undefined,
    ],
  });

export const exampleSchema = schemaOver(exampleComponents());

/** Partial configs by name, laid over one another for tests. */
export function exampleConfig(over: JsonObject = {}): JsonObject {
  return exampleSchema.resolve(mergeConfig({ base: 'bundled' }, over) as JsonObject) as unknown as JsonObject;
}
