export { type UpdateInputs, type UpdateRule } from './update-rule.js';
export {
  composeOptimizer,
  optimizerKind,
  type Optimizer,
  type OptimizerScalars,
  type OptimizerState,
  type WeightDecayForm,
} from './optimizer.js';
export { sharedOptions, type SharedOptions } from './shared-options.js';
export { parameterGroups, type ParameterGroups } from './parameter-groups.js';
export { clipByGlobalNorm } from './clip-by-global-norm.js';
export { adam } from './adamw.js';
export * from './built-in.js';
export { optimizers } from './optimizers.js';
export { optimizerContract } from './optimizer-contract.js';
