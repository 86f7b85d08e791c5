export { FFN_SITE_NAMES, type FfnSiteName } from './sites.js';
export { loraSchema, scalingFactor, scalingSchema, targetsSchema, type LoraOptions, type Scaling } from './options.js';
export { initLora, kaimingUniformA, loraUpdate, type LoraFactors } from './lora-update.js';
export { applyDropout, keepMask } from './dropout.js';
