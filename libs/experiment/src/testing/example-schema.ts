import { z } from 'zod';
import { componentUnion, createTrialSchema, fidelityOptions, mergeConfig, type JsonObject } from '../spec/index.js';

const routers = [
  { id: 'linear', options: z.strictObject({}) },
  {
    id: 'graph',
    options: z.strictObject({
      width: z.int().min(1).default(256),
      density: z.number().min(0).max(1).default(0.1),
    }),
    fidelity: { reference: { width: 128, density: 0.25 } },
  },
];

const strategies = ['poisson', 'normal'].map((id) => ({
  id,
  options: z.strictObject({ coefficient: z.number().min(0).default(1) }),
}));

/** A small trial config of the real one's shape: components, fidelity, lists, a cross-field rule. */
export const exampleSchema = createTrialSchema({
  sections: {
    base: z.string().default('bundled'),
    fidelity: z.enum(['paper', 'reference']).default('paper'),
    adapter: z
      .strictObject({ experts: z.int().min(1).default(8), k: z.int().min(1).default(2), rank: z.int().default(4) })
      .prefault({}),
    router: componentUnion('router', routers).prefault({ id: 'linear' }),
    coordination: z.array(componentUnion('coordination', strategies)).default([]),
    optimizer: z.strictObject({ learningRate: z.number().positive().default(2e-4) }).prefault({}),
    steps: z.int().min(1).default(10),
    fault: z.string().optional(),
    quality: z.number().optional(),
    engine: z.strictObject({ threads: z.int().default(1) }).prefault({}),
  },
  defaults: (raw) => {
    const fidelity = String(raw['fidelity'] ?? 'paper');
    const router = fidelityOptions(fidelity, routers, raw['router'] ?? { id: 'linear' });
    return router === undefined ? {} : { router };
  },
  rules: [
    ({ adapter }) =>
      adapter.k > adapter.experts
        ? { field: 'adapter.k', message: `must be at most adapter.experts = ${adapter.experts}` }
        : undefined,
  ],
});

/** Partial configs by name, laid over one another for tests. */
export function exampleConfig(over: JsonObject = {}): JsonObject {
  return exampleSchema.resolve(mergeConfig({ base: 'bundled' }, over) as JsonObject) as unknown as JsonObject;
}
