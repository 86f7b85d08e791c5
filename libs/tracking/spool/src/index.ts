export { ARMS_VIEW_TAGS, armsViewUrl } from './arms-view.js';
export { openSpool, spoolOptions, type Spool, type SpoolOptions } from './spool.js';
export type { RunRecorder, RunFields, ParamValue, DatasetFields, RecorderProblem } from './run-recorder.js';
export type { EndStatus } from './records.js';
export {
  startUploader,
  uploaderOptions,
  type CloseReport,
  type Uploader,
  type UploaderEvent,
  type UploaderOptions,
} from './uploader.js';
export { syncDirectory, syncOptions, type SyncOptions, type SyncReport } from './sync-directory.js';
export type { RunReport } from './sync-pass.js';
export { findJournals } from './find-journals.js';
export type { Count, Verification } from './verify-run.js';
export { trackingClient } from './tracking-client.js';
export {
  armLayout,
  recordLayout,
  sweepLayout,
  trialLayout,
  type ArmFields,
  type RunLayout,
  type SweepFields,
  type TrialFields,
} from './sweep-layout.js';
export { flattenParams } from './flatten-params.js';
export { BestMetrics, type Direction } from './best-metrics.js';
export { readGitState, type GitState } from './git-state.js';
export { describeMachine } from './machine.js';
export { startSystemMetrics, type SystemMetrics } from './system-metrics.js';
export { MLFLOW_VERSION, mlflowUp, mlflowUpOptions, type MlflowServer, type MlflowUpOptions } from './mlflow-up.js';
