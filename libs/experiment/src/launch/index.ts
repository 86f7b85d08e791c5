export type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
export { createLocalLauncher, type LocalLauncherOptions } from './local.js';
export { defaultJobs } from './cpu-affinity.js';
export { summarise } from './summary.js';
export { createSlurmLauncher } from './slurm.js';
export { slurmOptions } from './launcher-options.js';
export type { SlurmLauncherOptions } from './slurm-array.js';
export { isClusterWorker, startWorker } from './start-worker.js';
export type { WorkOptions } from './work.js';
export { onStopSignal } from './stop-signal.js';
export { StoreFollower } from './store-follower.js';
export { followSubmission, type SubmittedWork } from './follow-submission.js';
export {
  launcherKind,
  localLauncher,
  rayLauncher,
  slurmLauncher,
  type LauncherFactory,
} from './launcher-components.js';
export type { LauncherHost } from './launcher-host.js';
export { createRayLauncher, type RayLauncherOptions } from './ray/ray.js';
export { rayOptions } from './ray/ray-options.js';
export { cancelSweep } from './cancel-sweep.js';
