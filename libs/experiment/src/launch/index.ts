export type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
export { createLocalLauncher, type LocalLauncherOptions } from './local.js';
export { defaultJobs } from './cpu-affinity.js';
export { summarise } from './summary.js';
export { cancelSubmissions, createSlurmLauncher } from './slurm.js';
export { slurmOptions } from './launcher-options.js';
export type { SlurmLauncherOptions } from './slurm-array.js';
export { startWorker, type StartWorkerOptions } from './start-worker.js';
export { onStopSignal } from './stop-signal.js';
export { isSlurmTask } from './slurm-task.js';
export { StoreFollower } from './store-follower.js';
export { followSubmission, type SubmittedWork } from './follow-submission.js';
export {
  launcherKind,
  localLauncher,
  slurmLauncher,
  type LauncherFactory,
  type LauncherHost,
} from './launcher-components.js';
