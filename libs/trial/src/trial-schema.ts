import { existsSync } from 'node:fs';
import { adapterKind } from '@gmoe/adapters-core';
import { coordinationKind } from '@gmoe/coordination-core';
import { componentField, FIDELITIES, type ComponentChoice, type ComponentRegistry, type Fidelity } from '@gmoe/core';
import { taskKind } from '@gmoe/datasets';
import { createTrialSchema, type JsonObject, type TrialRule, type TrialSchema } from '@gmoe/experiment';
import { evaluationSchema } from '@gmoe/evaluation';
import { optimizerKind } from '@gmoe/optimizers';
import { routerKind } from '@gmoe/routers-core';
import { COMPUTES, DEVICES, ENGINES, RECOMPUTES } from '@gmoe/tensor';
import { scheduleKind } from '@gmoe/schedules';
import { ROUTING_EVERY, trainingSchema } from '@gmoe/training';
import { z } from 'zod';
import { isAccelerator } from './accelerator.js';
import { adapterRule, withAdapterId } from './adapter-choice.js';
import { baseField, basePlace, weightsFitDevice, withShortBase, type BaseChoice } from './base-choice.js';
import { isBase } from './base-path.js';
import { trainingRules } from './training-rules.js';
import { trialContents } from './contents.js';

const engineSchema = z
  .strictObject({
    engine: z.enum(ENGINES).default('compiled').describe('compiled: ONNX Runtime; eager: a tfjs backend'),
    device: z
      .enum(DEVICES)
      .default('auto')
      .describe('compiled: cpu, webgpu, cuda; eager: tensorflow, wasm, cpu; auto: the first that works'),
    threads: z.int().min(1).default(1).describe('threads inside one op; compiled engine on the cpu'),
    recompute: z
      .enum(RECOMPUTES)
      .default('none')
      .describe(
        'what the backward pass computes again in place of holding it, layer by layer: none; selective = all but products with frozen weights; full; the same numbers in less memory and more time; compiled engine on the cpu',
      ),
  })
  .refine(({ engine, device }) => DEVICES_OF[engine].includes(device), {
    path: ['device'],
    error: ({ input }) => {
      const { engine } = input as { engine: keyof typeof DEVICES_OF };
      return `must be one of ${DEVICES_OF[engine].join(', ')} with engine: ${engine}`;
    },
  })
  .refine(({ engine, threads }) => engine === 'compiled' || threads === 1, {
    path: ['threads'],
    message: 'must be 1 with engine: eager',
  })
  .refine(
    ({ engine, device, recompute }) => recompute === 'none' || (engine === 'compiled' && !isAccelerator(device)),
    {
      path: ['recompute'],
      message: 'must be none with engine: eager, and on webgpu and cuda',
    },
  );

/** Where each engine computes. */
const DEVICES_OF: Readonly<Record<(typeof ENGINES)[number], readonly (typeof DEVICES)[number][]>> = {
  compiled: ['auto', 'cpu', 'webgpu', 'cuda'],
  eager: ['auto', 'tensorflow', 'wasm', 'cpu'],
};

/** A resolved trial config: every default filled in. */
export interface TrialConfig {
  readonly base: BaseChoice;
  readonly compute: (typeof COMPUTES)[number];
  readonly fidelity: Fidelity;
  readonly task: ComponentChoice;
  readonly adapter: ComponentChoice;
  readonly router: ComponentChoice | null;
  readonly coordination: readonly ComponentChoice[];
  readonly optimizer: ComponentChoice;
  readonly schedule: ComponentChoice;
  readonly training: z.output<typeof trainingSchema>;
  readonly evaluation: z.output<typeof evaluationSchema>;
  readonly engine: z.output<typeof engineSchema>;
  readonly seed: number;
}

const computeFitsDevice: TrialRule<TrialConfig> = ({ compute, engine: { device } }) =>
  compute !== 'float32' && isAccelerator(device)
    ? { field: 'compute', message: `must be float32 on engine.device ${device}: products in 8 bits run on the cpu` }
    : undefined;

const strategiesOnce: TrialRule<TrialConfig> = ({ coordination }) => {
  const ids = coordination.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  return twice ? { field: 'coordination', message: `holds '${twice}' twice; each strategy at most once` } : undefined;
};

const baseIsThere: TrialRule<TrialConfig> = ({ base }) =>
  isBase(basePlace(base))
    ? undefined
    : {
        field: typeof base === 'string' ? 'base' : 'base.path',
        message:
          'is no model folder (no config.json in it) and no GGUF file; allowed: bundled, a folder in Hugging Face layout, a .gguf',
      };

const dataIsThere: TrialRule<TrialConfig> = ({ task }) => {
  const folder = task['dataDir'];
  if (typeof folder !== 'string' || existsSync(folder)) return undefined;
  return { field: 'task.dataDir', message: 'is no folder' };
};

/** The schema of a trial config over the registered components. */
export function trialSchema(components: ComponentRegistry): TrialSchema<TrialConfig> {
  const schema = createTrialSchema({
    components,
    sections: {
      base: baseField
        .default('bundled')
        .describe('base model: bundled, a folder in Hugging Face layout, or a GGUF file; or { path, weights }'),
      compute: z
        .enum(COMPUTES)
        .default('float32')
        .describe(
          'products with the frozen base: float32; int8-forward = rows and weights in 8 bits; int8 = the gradient of their input too',
        ),
      fidelity: z
        .enum(FIDELITIES)
        .default('paper')
        .describe("defaults of the method's options: the paper's equations, or the authors' code"),
      task: componentField(taskKind).describe('what is learned'),
      adapter: adapterSchema(components).prefault({ id: 'moe-lora' }),
      router: componentField(routerKind).nullable().default(null),
      coordination: z
        .array(componentField(coordinationKind))
        .default([])
        .describe('auxiliary losses, each at most once; empty = none'),
      optimizer: componentField(optimizerKind, 'adamw')
        .prefault({ id: 'adamw' })
        .describe('how gradients change the parameters'),
      schedule: componentField(scheduleKind, 'constant')
        .prefault({ id: 'constant' })
        .describe('how the learning rate changes over the run'),
      training: trainingSchema.prefault({}),
      evaluation: evaluationSchema.prefault({}),
      engine: engineSchema.prefault({}).describe('where the trial computes; not part of its identity'),
    },
    contents: (config) => trialContents(config as unknown as TrialConfig, components),
    rules: [
      computeFitsDevice,
      weightsFitDevice,
      adapterRule(components),
      strategiesOnce,
      baseIsThere,
      dataIsThere,
      ...trainingRules(components),
    ].map(
      // Rules read the config as it is documented; the composed schema knows components by their id only.
      (rule) => (config: object) => rule(config as TrialConfig),
    ),
  });
  const { resolve } = schema;
  return {
    ...schema,
    resolve: (raw: JsonObject, where = '', folders: readonly string[] = []) =>
      withoutRecords(resolve(withShortBase(withAdapterId(raw, where)), where, folders), components),
  } as unknown as TrialSchema<TrialConfig>;
}

/** Where nothing is routed, how often loads are recorded is no part of a trial: arms of a grid may share the setting. */
function withoutRecords(config: object, components: ComponentRegistry): object {
  const { adapter, training } = config as TrialConfig;
  if (components.build(adapterKind, adapter).routed) return config;
  return { ...config, training: { ...training, routingEvery: ROUTING_EVERY } };
}

/** An adapter by id; without one, `{ lora, mixture }` of `moe-lora`, where `mixture: null` leaves plain LoRA. */
function adapterSchema(components: ComponentRegistry) {
  const byId = componentField(adapterKind);
  if (!components.has(adapterKind, 'moe-lora')) return byId.describe('what is trained');
  const { shape } = components.get(adapterKind, 'moe-lora').options;
  const { mixture, ...rest } = shape as Record<string, z.ZodType>;
  const withoutId = z.strictObject({ ...rest, mixture: z.nullable(mixture!) });
  return z
    .union([byId, withoutId])
    .describe('what is trained; without an id: moe-lora, and lora where mixture is null') as unknown as typeof byId;
}
