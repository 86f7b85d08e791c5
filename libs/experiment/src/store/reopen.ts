import { didYouMean, messageOf } from '@gmoe/core';
import type { PlannedTrial } from '../records/index.js';
import { MachineError, StoreError } from './store-error.js';
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

/** A published trial that is not what it was. */
export interface DamagedTrial {
  readonly trial: PlannedTrial;
  readonly message: string;
}

/**
 * Looks over the published trials. Those whose files are not what was published (a cut of the power, a full disk, a deleted
 * folder) lose their result's name, so that they run `again`; those whose result cannot be read are `left` to the user:
 * perhaps another program or a backup can.
 */
export function withdrawDamaged(
  store: SweepStore,
  hashes?: readonly string[],
): { readonly again: DamagedTrial[]; readonly left: DamagedTrial[] } {
  const chosen = hashes && new Set(hashes);
  const again: DamagedTrial[] = [];
  const left: DamagedTrial[] = [];
  for (const trial of store.manifest().trials) {
    if (chosen && !chosen.has(trial.hash)) continue;
    try {
      const result = store.result(trial.hash);
      const message = result && store.damage(trial.hash, result);
      if (message === undefined) continue;
      store.withdraw(trial.hash, result!.attempt);
      again.push({ trial, message: `${message}; it runs again` });
    } catch (error) {
      if (error instanceof MachineError) throw error;
      left.push({ trial, message: messageOf(error) });
    }
  }
  return { again, left };
}
