export { MIXTURE_FORMS, mixtureSchema, type MixtureOptions } from './options.js';
export { expertsPerLayer } from './experts-per-layer.js';
export {
  mixtureAdditive,
  mixtureFfn,
  type ExpertFactors,
  type FfnBase,
  type MixtureSettings,
} from './mixture-forward.js';
export type {
  Adapter,
  AdapterInit,
  AdapterParams,
  AdapterSettings,
  BoundAdapter,
  CoordinationPart,
  PassInputs,
  StepPass,
  StepSums,
} from './adapter.js';
export { createAdapter } from './create-adapter.js';
export { expertCounts } from './expert-load.js';
export { fixedAdapter } from './fixed-adapter.js';
export { loadMetrics, loadShares, normalizedEntropy } from '@gmoe/routing-diagnostics';
export { routingFacts, type LayerFacts } from './routing-facts.js';
export { below, NAMES, prefixed } from './names.js';
export type { AdapterDescription } from './files/adapter-config.js';
export {
  adapterStart,
  loadAdapter,
  saveAdapter,
  type AdapterFile,
  type AdapterTensors,
} from './files/adapter-files.js';
export { mergeableLora, mergeAdapter } from './files/merge-adapter.js';
