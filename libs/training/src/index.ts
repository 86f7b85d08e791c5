export { bestSchema, trainingSchema, type TrainingOptions } from './options.js';
export { valueAndGradient } from './value-and-gradient.js';
export {
  adapterTrainee,
  fullTrainee,
  type AdapterTraineeOptions,
  type PassOptions,
  type Trainee,
  type TraineeFrozen,
  type TraineePass,
} from './trainee.js';
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
} from './train-step.js';
export { createStepper, type HostStepState, type Stepper, type StepReport, type TrainingBatch } from './stepper.js';
export type { StopReason, TrainingEvent } from './events.js';
export { readCheckpoint, writeCheckpoint, type BestSnapshot, type Course } from './checkpoint.js';
export { train, type TrainedTensors, type TrainResult, type TrainSettings } from './train.js';
