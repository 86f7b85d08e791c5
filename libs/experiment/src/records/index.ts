export { FORMAT_VERSION, jsonSchema } from './format.js';
export { trialEventSchema, type TrialEvent } from './event.js';
export {
  classScoreSchema,
  FAILURE_KINDS,
  fileManifestSchema,
  trialFailureSchema,
  trialResultSchema,
  type ClassScore,
  type FileManifest,
  type TrialFailure,
  type TrialResult,
} from './result.js';
export { routingSchema, type RoutingRecord } from './routing.js';
export { predictionSchema, type Prediction } from './prediction.js';
export { baselineSchema, type Baseline } from './baseline.js';
export {
  limitsSchema,
  plannedTrialSchema,
  sweepManifestSchema,
  type Limits,
  type PlannedTrial,
  type SweepManifest,
} from './manifest.js';
export { trialConfigFileSchema, type TrialConfigFile } from './trial-config-file.js';
export { readJsonLines } from './json-lines.js';
export { codeSchema, type TrialCode } from './code.js';
export { stoppingSchema, type StoppingOptions } from './stopping.js';
