export { SweepStore } from './sweep-store.js';
export { MachineError, StoreError } from './store-error.js';
export { readStops, type ArmStop } from './stops.js';
export { ClaimObserver, type Claim } from './claim.js';
export type { Checkpoint } from './checkpoints.js';
export { planStatus, type ArmStatus, type SweepStatus, type TrialState, type TrialStatus } from './status.js';
export { codeChanges, type CodeChange, type CodeChanges } from './code-changes.js';
export { canStop, stopTrial } from './stop-trial.js';
export { retryFailed, rerun, withdrawDamaged, type DamagedTrial } from './reopen.js';
