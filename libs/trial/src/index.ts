export { baseDir, bundledBaseDir, loadBase } from './base-model.js';
export { baselineKey, measureBaseline } from './baseline.js';
export { buildAdapter } from './build-adapter.js';
export { pretrain, type PretrainedModel, type PretrainSettings } from './pretrain.js';
export { pretrainRecipeSchema, type PretrainRecipe } from './pretrain-recipe.js';
export type { Registries } from './registries.js';
export { createTrialExecutor, type RunTrialOptions } from './run-trial.js';
export { loadTaskData, type TaskData } from './task-data.js';
export { trialSchema, type TrialConfig } from './trial-schema.js';
