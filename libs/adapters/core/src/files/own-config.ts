import { parseOptions, type ComponentChoice } from '@gmoe/core';
import { z } from 'zod';
import type { AdapterDescription } from './adapter-description.js';

/** PEFT's type of an adapter that PEFT does not have: it refuses it instead of leaving out the experts. */
export const OWN_TYPE = 'GMOE';

const choice = z.looseObject({ id: z.string() });
const needed = z.looseObject({ kind: z.string(), id: z.string() });

/** Before adapters were components: plain LoRA beside a mixture. */
const firstVersion = z.strictObject({
  formatVersion: z.literal(1),
  lora: z.looseObject({}).nullable(),
  mixture: z.looseObject({}),
  router: choice,
  coordination: z.array(choice),
});
const secondVersion = z.looseObject({
  formatVersion: z.literal(2),
  adapter: choice,
  router: choice.nullable(),
  coordination: z.array(choice),
  components: z.array(needed),
});

const fileSchema = z.looseObject({
  peft_type: z.literal(OWN_TYPE),
  base_model_name_or_path: z.string().nullish(),
  gmoe: z.discriminatedUnion('formatVersion', [firstVersion, secondVersion]),
});

/** Reads an `adapter_config.json` of this project. @throws UserError naming what is wrong */
export function readOwnConfig(json: unknown, where: string): AdapterDescription {
  const { gmoe, base_model_name_or_path } = parseOptions(fileSchema, json, where);
  const baseModel = base_model_name_or_path ?? null;
  if (gmoe.formatVersion === 1) {
    const { lora, mixture, router, coordination } = gmoe;
    return { adapter: { id: 'moe-lora', lora, mixture }, router, coordination, components: [], baseModel };
  }
  const { adapter, router, coordination, components } = gmoe;
  return { adapter, router, coordination, components, baseModel };
}

/** `adapter_config.json` of an adapter that PEFT does not have. */
export function toOwnConfig({ adapter, router, coordination, components, baseModel }: AdapterDescription): object {
  const gmoe: z.output<typeof secondVersion> = {
    formatVersion: 2,
    adapter: { ...adapter } as ComponentChoice & { id: string },
    router: router && { ...router },
    coordination: coordination.map((strategy) => ({ ...strategy })),
    components: components.map((component) => ({ ...component })),
  };
  return { peft_type: OWN_TYPE, base_model_name_or_path: baseModel, gmoe };
}
