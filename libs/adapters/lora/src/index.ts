export { createLora, loraAdapter, loraProblem } from './lora-adapter.js';
export {
  alphaSchema,
  dropoutSchema,
  loraSchema,
  rankSchema,
  scalingFactor,
  scalingSchema,
  targetsSchema,
  type LoraOptions,
  type Scaling,
} from './options.js';
export { addLora, createLoraLayers, updateAt, type BoundLora, type LoraLayers, type SiteInput } from './lora-layers.js';
export { loraSites, type LoraSite } from './lora-sites.js';
export { initLora, kaimingUniformA, type LoraFactors } from './lora-update.js';
export { foldedWeight, tensorOf } from './merge-lora.js';
export { savedModules, type SavedModules } from './saved-modules.js';
export { applyDropout, keepMask } from './dropout.js';
