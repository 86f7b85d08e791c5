export {
  AttemptStopped,
  InfrastructureError,
  TrialError,
  type TrialAttempt,
  type TrialExecutor,
  type TrialOutcome,
} from './trial-attempt.js';
export { openTrials, runWorker, type WorkerEvent, type WorkerOptions, type WorkerSummary } from './run-worker.js';
export { isServedWorker, serveWorker, type ServeOptions } from './serve-worker.js';
export type { GuardOptions } from './guard.js';
