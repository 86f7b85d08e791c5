export { bestSchema, ROUTING_EVERY, trainingSchema, type TrainingOptions } from './options.js';
export { valueAndGradient } from './value-and-gradient.js';
export {
  trainableAdapter,
  trainableDecoder,
  type TrainableAdapterOptions,
  type PassOptions,
  type TrainableModel,
  type FrozenTensors,
  type ModelPass,
} from './trainable-model.js';
export {
  accumulateStep,
  applyStep,
  batchGradient,
  collectStep,
  fusedStep,
  type BatchReport,
  type BatchTensors,
  type LossControls,
  type StepFrozen,
  type StepState,
} from './step-programs.js';
export {
  createTrainingStep,
  type HostStepState,
  type TrainingStep,
  type StepReport,
  type TrainingBatch,
} from './training-step.js';
export type { StopReason, TrainingEvent } from './events.js';
export { readCheckpoint, writeCheckpoint, type BestSnapshot, type TrainingState } from './checkpoint.js';
export { train, type TrainedTensors, type TrainResult, type TrainSettings } from './train.js';
