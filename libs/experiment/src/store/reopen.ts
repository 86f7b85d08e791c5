import type { PlannedTrial } from '../records/index.js';
import type { SweepStore } from './sweep-store.js';

/** Makes every failed trial of the sweep run again, from its last checkpoint. Returns them. */
export function retryFailed(store: SweepStore): PlannedTrial[] {
  const failed = store.manifest().trials.filter((trial) => store.readableResult(trial.hash)?.status === 'failed');
  for (const trial of failed) store.reopen(trial.hash, 'checkpoint');
  return failed;
}

/**
 * Makes trials run again from the start, finished or damaged ones too. What they left before stays in their attempts.
 *
 * @param prefix start of a trial's hash; several trials may match
 */
export function rerun(store: SweepStore, prefix: string): PlannedTrial[] {
  const trials = store.find(prefix);
  for (const trial of trials) store.reopen(trial.hash, 'start');
  return trials;
}
