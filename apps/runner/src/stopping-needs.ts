import { UserError } from '@gmoe/core';
import type { SweepPlan } from '@gmoe/experiment';
import { schema } from './components.js';

/** @throws UserError if arms are to be stopped early by evaluations that some arm does not make */
export function checkStopping({ arms, spec }: SweepPlan): void {
  if (!spec.stopping) return;
  for (const { name, trials } of arms) {
    if (schema.resolve(trials[0]!.config).training.evalEvery !== null) continue;
    throw new UserError(
      `${spec.source}: trial.training.evalEvery: must be set, since stopping compares arms by their evaluations on dev (got null in arm '${name}')`,
    );
  }
}
