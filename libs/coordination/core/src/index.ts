export {
  defineCoordination,
  type CoordinationContext,
  type CoordinationDefinition,
  type CoordinationInit,
  type CoordinationResult,
  type CoordinationSpec,
  type CoordinationStrategy,
  type HostTensors,
  type LayerRouting,
  type Tensors,
} from './strategy.js';
