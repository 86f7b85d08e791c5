export {
  coordinationKind,
  type CoordinationContext,
  type CoordinationInit,
  type CoordinationResult,
  type CoordinationSpec,
  type CoordinationStrategy,
  type HostTensors,
  type LayerRouting,
  type RoutingExtra,
  type Tensors,
  type TokenDomains,
} from './strategy.js';
export {
  decodePositive,
  encodePositive,
  PARAMETERIZATIONS,
  positiveValues,
  type Parameterization,
  type PositiveBounds,
} from './positive-parameter.js';
export { coefficientOf, coefficientOptions, coefficientsAt } from './coefficient.js';
export { layerLoss } from './layer-loss.js';
export { lossOfStep, passSums, stepSum, type StepTotals } from './step-sum.js';
export { sequenceSum, type SequenceSums } from './sequence-sum.js';
export { meanOf, tokenMean } from './token-mean.js';
