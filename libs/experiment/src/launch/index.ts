export type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
export { createLocalLauncher, type LocalLauncherOptions } from './local.js';
export { defaultJobs } from './cpu-affinity.js';
export { summarise } from './summary.js';
export { cancelSubmissions, createSlurmLauncher, type SlurmLauncherOptions } from './slurm.js';
export { startWorker, type StartWorkerOptions } from './start-worker.js';
export { onStopSignal } from './stop-signal.js';
export { isSlurmTask } from './slurm-task.js';
export { StoreFollower } from './store-follower.js';
