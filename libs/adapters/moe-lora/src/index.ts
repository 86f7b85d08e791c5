export { mixtureSchema, moeLoraSchema, type MixtureOptions } from './options.js';
export { expertsPerLayer } from './experts-per-layer.js';
export { createMoeLora, moeLoraAdapter, type MoeLoraSettings } from './moe-lora-adapter.js';
export {
  mixtureAdditive,
  mixtureFfn,
  type ExpertFactors,
  type FfnBase,
  type MixtureSettings,
} from './mixture-forward.js';
export { productForm, type ProductForm } from './slot-products.js';
