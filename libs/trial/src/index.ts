export {
  attachAdapter,
  baseOf,
  loadAdaptedModel,
  readAdapter,
  type AdaptedModel,
  type AttachedAdapter,
  type ModelFolders,
  type ReadAdapter,
} from './adapted-model.js';
export { baseOfConfig, basePlace, checkWeightsFit, type BaseChoice } from './base-choice.js';
export { loadBase } from './base-model.js';
export { baseDir, baseFamily, bundledBaseDir } from './base-path.js';
export { baselineKey, measureBaseline } from './baseline.js';
export { buildAdapter } from './build-adapter.js';
export { pretrain, type PretrainedModel, type PretrainSettings } from './pretrain.js';
export { pretrainRecipeSchema, type PretrainRecipe } from './pretrain-recipe.js';
export { mergeAdapter, saveMerged, type MergedModel } from './merge-adapter.js';
export { calibrateTrial, type Calibration } from './calibrate.js';
export { createTrialExecutor, type RunTrialOptions } from './run-trial.js';
export { checkTrialData } from './check-data.js';
export { checkPositions } from './positions.js';
export { scoringOf } from './scoring.js';
export { encodingOf, loadTaskData, type TaskData } from './task-data.js';
export { trialSchema, type TrialConfig } from './trial-schema.js';
export { checkContents, trialContents } from './contents.js';
