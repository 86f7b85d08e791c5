import { canonicalJson, UserError, type Json } from '@gmoe/core';
import { planStatus, SweepStore, type SweepPlan } from '@gmoe/experiment';
import { checkTrialData } from '@gmoe/trial';
import { components, schema } from './components.js';

/**
 * Checks the data of every arm whose trials are still to run, each task, base and scoring once.
 * @param folder of the sweep, which knows what is done; it may not be there yet
 * @throws UserError naming file and arm
 */
export async function checkData({ arms, spec, trials: all }: SweepPlan, folder: string): Promise<void> {
  const store = SweepStore.openIfThere(folder);
  const done = new Set(
    (store ? planStatus(store, { trials: all }).trials : []).flatMap(({ hash, state }) =>
      state === 'finished' ? [hash] : [],
    ),
  );
  const checked = new Set<string>();
  for (const { name, trials } of arms) {
    const trial = trials.find(({ hash }) => !done.has(hash));
    if (!trial) continue;
    const config = schema.resolve(trial.config);
    const { base, task, evaluation, training } = config;
    const key = canonicalJson([base, task as Json, evaluation as Json, training.evalEvery, training.best]);
    if (checked.has(key)) continue;
    checked.add(key);
    try {
      await checkTrialData(config, components, { stoppingMetric: spec.stopping?.metric });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const where = arms.length > 1 ? `${spec.source}: arm '${name}'` : spec.source;
      throw new UserError(`${where}: ${error.message}`, { cause: error });
    }
  }
}
