export { bundle, essence, fakeLauncher, fakeStore, temporaryFolder } from './fake-sweep.js';
export { freePorts } from './free-ports.js';
export { launcherContract } from './launcher-contract.js';
export { canRunRay, startRay, type RealRay } from './real-ray.js';
export { canRunSlurm, startSlurm, type RealSlurm } from './real-slurm.js';
