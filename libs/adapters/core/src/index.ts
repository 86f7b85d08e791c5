export {
  adaptedWeights,
  type Adapter,
  type AdapterInit,
  type AdapterParams,
  type AdapterRouting,
  type AuxiliaryLoss,
  type BoundAdapter,
  type BoundRouting,
  type ForwardContext,
  type RoutingFacts,
  type StepPass,
  type StepSums,
} from './adapter.js';
export type { RouterUsage } from '@gmoe/routers-core';
export { adapterKind, type AdapterBuilder, type AdapterProblem, type AdapterSettings } from './adapter-kind.js';
export {
  createRoutedLayers,
  type BoundRoutedLayers,
  type RoutedLayer,
  type RoutedLayers,
  type RoutedLayersSettings,
} from './routed-layers.js';
export { outputProducts } from './output-products.js';
export { routingMisfit, type RoutingParts } from './routing-misfit.js';
export { expertCounts } from './expert-counts.js';
export { fixedAdapter } from './fixed-adapter.js';
export { parameter, randomInput } from './pass-tensors.js';
export { NAMES } from './tensor-names.js';
export type { AdapterDescription, NeededComponent } from './files/adapter-description.js';
export { adapterStart, loadAdapter, saveAdapter, type AdapterFile } from './files/adapter-files.js';
export { moduleMatcher, type PeftLora } from './files/peft-config.js';
