import { existsSync } from 'node:fs';
import { mixtureSchema } from '@gmoe/adapters-moe-lora';
import { loraSchema } from '@gmoe/adapters-lora';
import { FIDELITIES, type Fidelity } from '@gmoe/core';
import {
  componentUnion,
  createTrialSchema,
  fidelityOptions,
  getPath,
  type ComponentDefinition,
  type JsonObject,
  type TrialRule,
  type TrialSchema,
} from '@gmoe/experiment';
import { evaluationSchema } from '@gmoe/evaluation';
import { DEVICES, ENGINES } from '@gmoe/tensor';
import { optimizerSchema, scheduleSchema, trainingSchema } from '@gmoe/training';
import { z } from 'zod';
import { isBase } from './base-model.js';
import type { Registries } from './registries.js';

const engineSchema = z.strictObject({
  engine: z.enum(ENGINES).default('compiled').describe('compiled: ONNX Runtime; eager: a tfjs backend'),
  device: z
    .enum(DEVICES)
    .default('auto')
    .describe('compiled: cpu, webgpu, cuda; eager: tensorflow, wasm, cpu; auto: the first that works'),
  threads: z.int().min(1).default(1).describe('threads inside one op; compiled engine on the cpu'),
});

const adapterSchema = z.strictObject({
  lora: loraSchema.nullable().prefault({}).describe('plain LoRA; null = none'),
  mixture: mixtureSchema.nullable().prefault({}).describe('mixture of LoRA experts on the FFN; null = none'),
});

interface Component {
  readonly id: string;
  readonly [option: string]: unknown;
}

/** A resolved trial config: every default filled in. */
export interface TrialConfig {
  readonly base: string;
  readonly fidelity: Fidelity;
  readonly task: Component;
  readonly adapter: z.output<typeof adapterSchema>;
  readonly router: Component | null;
  readonly coordination: readonly Component[];
  readonly optimizer: z.output<typeof optimizerSchema>;
  readonly schedule: z.output<typeof scheduleSchema>;
  readonly training: z.output<typeof trainingSchema>;
  readonly evaluation: z.output<typeof evaluationSchema>;
  readonly engine: z.output<typeof engineSchema>;
  readonly seed: number;
}

const mixtureNeedsRouter: TrialRule<TrialConfig> = ({ adapter, router, coordination }) => {
  if (adapter.mixture && !router) {
    return { field: 'router', message: 'must name a router, since adapter.mixture is on' };
  }
  if (!adapter.mixture && router) return { field: 'router', message: 'must be null, since adapter.mixture is null' };
  if (!adapter.mixture && coordination.length > 0) {
    return { field: 'coordination', message: 'must be empty, since adapter.mixture is null' };
  }
  return undefined;
};

const somethingTrains: TrialRule<TrialConfig> = ({ adapter }) =>
  adapter.lora || adapter.mixture
    ? undefined
    : { field: 'adapter', message: 'lora and mixture are both null: nothing would train; set one of them' };

const topKWithinExperts: TrialRule<TrialConfig> = ({ adapter: { mixture } }) => {
  const k = mixture?.selector['k'];
  if (!mixture || typeof k !== 'number') return undefined;
  const fewest = Math.min(...[mixture.experts].flat());
  if (k <= fewest) return undefined;
  return {
    field: 'adapter.mixture.selector.k',
    message: `must be at most the experts of a layer (${fewest}): lower it or raise adapter.mixture.experts`,
  };
};

const strategiesOnce: TrialRule<TrialConfig> = ({ coordination }) => {
  const ids = coordination.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  return twice ? { field: 'coordination', message: `holds '${twice}' twice; each strategy at most once` } : undefined;
};

const baseIsThere: TrialRule<TrialConfig> = ({ base }) =>
  isBase(base)
    ? undefined
    : {
        field: 'base',
        message: 'is no model folder (no config.json in it); allowed: bundled, or a folder in Hugging Face layout',
      };

const dataIsThere: TrialRule<TrialConfig> = ({ task }) => {
  const folder = task['dataDir'];
  if (typeof folder !== 'string' || existsSync(folder)) return undefined;
  return { field: 'task.dataDir', message: 'is no folder' };
};

/** The schema of a trial config over the registered routers, selectors, strategies and tasks. */
export function trialSchema(registries: Registries): TrialSchema<TrialConfig> {
  const routers = registries.routers.all();
  const strategies = registries.coordination.all();
  const selectors = componentUnion('selector', registries.selectors.all() as ComponentDefinition[]);
  const schema = createTrialSchema({
    sections: {
      base: z.string().min(1).default('bundled').describe('base model: bundled, or a folder in Hugging Face layout'),
      fidelity: z
        .enum(FIDELITIES)
        .default('paper')
        .describe("defaults of the method's options: the paper's equations, or the authors' code"),
      task: componentUnion('task', registries.tasks.all() as ComponentDefinition[]).describe('what is learned'),
      adapter: adapterSchema
        .extend({
          mixture: mixtureSchema
            .extend({ selector: selectors.prefault({ id: 'top-k' }) })
            .nullable()
            .prefault({}),
        })
        .prefault({}),
      router: componentUnion('router', routers as ComponentDefinition[])
        .nullable()
        .default(null),
      coordination: z
        .array(componentUnion('coordination strategy', strategies as ComponentDefinition[]))
        .default([])
        .describe('auxiliary losses, each at most once; empty = none'),
      optimizer: optimizerSchema.prefault({}),
      schedule: scheduleSchema.prefault({}),
      training: trainingSchema.prefault({}),
      evaluation: evaluationSchema.prefault({}),
      engine: engineSchema.prefault({}).describe('where the trial computes; not part of its identity'),
    },
    defaults: (raw) => fidelityDefaults(raw, registries),
    rules: [somethingTrains, mixtureNeedsRouter, topKWithinExperts, strategiesOnce, baseIsThere, dataIsThere].map(
      // Rules read the config as it is documented; the composed schema knows components by their id only.
      (rule) => (config: object) => rule(config as TrialConfig),
    ),
  });
  return schema as unknown as TrialSchema<TrialConfig>;
}

/** Option values that the chosen fidelity lays under what the user wrote. */
function fidelityDefaults(raw: JsonObject, { routers, coordination, selectors }: Registries): JsonObject {
  const fidelity = raw['fidelity'] ?? 'paper';
  if (typeof fidelity !== 'string') return {};
  const of = (definitions: readonly unknown[], path: string) =>
    fidelityOptions(fidelity, definitions as ComponentDefinition[], getPath(raw, path));
  const router = of(routers.all(), 'router');
  const strategies = of(coordination.all(), 'coordination');
  const selector = of(selectors.all(), 'adapter.mixture.selector');
  return {
    ...(router === undefined ? {} : { router }),
    ...(strategies === undefined ? {} : { coordination: strategies }),
    ...(selector === undefined ? {} : { adapter: { mixture: { selector } } }),
  };
}
