export { MlflowClient } from './mlflow-client.js';
export type { ClientOptions } from './transport/options.js';
export { clientOptions } from './transport/options.js';
export { optionsFromEnvironment } from './transport/environment.js';
export type { CallOptions } from './transport/transport.js';
export type { Experiments, SearchExperiments, ViewType } from './api/experiments.js';
export { RUN_KEY_TAG, type Runs, type SearchRuns } from './api/runs.js';
export type { BatchItems } from './api/run-batches.js';
export type { ArtifactEntry, ArtifactOwner, Artifacts } from './api/artifacts.js';
export { artifactPathProblem } from './api/artifact-path.js';
export type { LoggedModels, SearchLoggedModels } from './api/logged-models.js';
export { and, attribute, metric, param, tag, type Filter } from './filter.js';
export {
  ConnectionError,
  HttpError,
  InvalidRequestError,
  MlflowError,
  TimeoutError,
  UnexpectedAnswerError,
  UnsupportedError,
} from './errors.js';
export { LIMITS } from './schemas/limits.js';
export { keyProblem, type MetricPoint, type Param, type Tag } from './schemas/values.js';
export type { CreateExperiment, Experiment } from './schemas/experiments.js';
export type { Batch, CreateRun, DatasetInput, Run, RunInfo, RunStatus, UpdateRun } from './schemas/runs.js';
export type { CreateLoggedModel, LoggedModel } from './schemas/logged-models.js';
