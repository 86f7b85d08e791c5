import { didYouMean } from '@gmoe/core';
import type { PlannedTrial } from '../records/index.js';
import { StoreError } from './store-error.js';
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
 * @param named an arm's name, a name or value of one of its axes, or the start of a trial's hash; several may match
 * @throws StoreError if nothing is named so
 */
export function rerun(store: SweepStore, named: string): PlannedTrial[] {
  const { trials } = store.manifest();
  const ofArm = trials.filter(({ arm }) => arm === named);
  const ofAxis = trials.filter(({ axes }) => Object.values(axes).some((value) => String(value) === named));
  const chosen = [ofArm, ofAxis].find((each) => each.length > 0) ?? byHash(store, named);
  for (const trial of chosen) store.reopen(trial.hash, 'start');
  return chosen;
}

function byHash(store: SweepStore, named: string): PlannedTrial[] {
  const { trials } = store.manifest();
  const found = trials.filter(({ hash }) => hash.startsWith(named));
  if (found.length > 0) return found;
  const arms = [...new Set(trials.map(({ arm }) => arm))];
  throw new StoreError(
    `--rerun: no arm and no trial of ${store.folder} is named '${named}'; ${didYouMean(named, arms)}arms: ${arms.join(', ')}`,
  );
}
