import { adapterKind, type Adapter, type AdapterProblem } from '@gmoe/adapters-core';
import { defineComponent } from '@gmoe/core';
import { sitePath, type ModelConfig } from '@gmoe/model';
import { addLora, createLoraLayers } from './lora-layers.js';
import { foldedWeight } from './merge-lora.js';
import { loraSchema, type LoraOptions } from './options.js';
import { savedModules } from './saved-modules.js';

/**
 * Plain LoRA: `W x + scaling B A x` (Hu et al. 2021, arXiv 2106.09685, eq. 3) on the targeted linear layers.
 * @throws UserError on options that do not fit the model
 */
export function createLora(options: LoraOptions, config: ModelConfig): Adapter {
  const lora = createLoraLayers(options, config);
  const saved = savedModules(options.modulesToSave, config);
  return {
    config: saved.config,
    peft: { ...options, dora: false },
    init: (key, weights) => ({
      trainable: { ...lora.init(key), ...saved.init(weights) },
      frozen: {},
      state: {},
      warnings: [],
    }),
    randomInputs: (key, tokens) => lora.randomInputs(key, tokens),
    bind(params, context) {
      const bound = lora.bind(params, context);
      return { hooks: { linear: (site, x_TI, base) => addLora(base(x_TI), bound.at(site, x_TI)) } };
    },
    replacedWeights: (base, trainable) => saved.replacedWeights(base, trainable),
    merge(base, { trainable }) {
      const merged = { ...base, ...saved.replacedWeights(base, trainable) };
      for (const site of lora.sites) merged[`${sitePath(site)}.weight`] = foldedWeight(base, trainable, site);
      return merged;
    },
  };
}

/** What of LoRA's options does not fit together, whatever the model. */
export function loraProblem({ targets, layers }: LoraOptions): AdapterProblem | undefined {
  if (typeof targets !== 'string' || layers === null) return undefined;
  return { field: 'layers', message: 'must be null beside a regular expression in targets: say the layers there' };
}

export const loraAdapter = defineComponent(adapterKind, {
  id: 'lora',
  description: 'plain LoRA on any linear layers (Hu et al. 2021), with ranks and alphas by pattern as in PEFT',
  options: loraSchema,
  create: (options) => ({
    routed: false,
    problem: loraProblem(options),
    build: ({ config }) => createLora(options, config),
  }),
});
