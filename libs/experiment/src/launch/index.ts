export type { Launcher, LaunchEvent, LaunchRequest, LaunchSummary, Submission } from './launcher.js';
export { createLocalLauncher, type LocalLauncherOptions } from './local.js';
export { defaultJobs } from './cpu-affinity.js';
export { summarise } from './summary.js';
export { createSlurmLauncher, type SlurmLauncherOptions } from './slurm.js';
export { startWorker, type StartWorkerOptions } from './start-worker.js';
export { StoreFollower } from './store-follower.js';
