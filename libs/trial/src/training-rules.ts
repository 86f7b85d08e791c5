import { coordinationKind } from '@gmoe/coordination-core';
import type { ComponentRegistry } from '@gmoe/core';
import type { TrialRule } from '@gmoe/experiment';
import { scheduleKind, type Schedule } from '@gmoe/schedules';
import type { TrialConfig } from './trial-schema.js';

/** What of a config's training can be checked before anything runs. */
export function trainingRules(components: ComponentRegistry): TrialRule<TrialConfig>[] {
  const schedulesFit: TrialRule<TrialConfig> = (config) => {
    const { steps } = config.training;
    return steps === undefined ? undefined : scheduleMisfit(config, components, steps);
  };
  return [schedulesFit];
}

/** Which schedule of a config does not fit a run of `steps`: the learning rate's, or a coefficient's. */
export function scheduleMisfit(
  { schedule, coordination }: Pick<TrialConfig, 'schedule' | 'coordination'>,
  components: ComponentRegistry,
  steps: number,
): ReturnType<TrialRule<TrialConfig>> {
  const scheduled: (readonly [field: string, schedule: Schedule | undefined])[] = [
    ['schedule', components.build(scheduleKind, schedule)],
    ...coordination.map(
      (choice, i) => [`coordination.${i}.schedule`, components.build(coordinationKind, choice).schedule] as const,
    ),
  ];
  for (const [field, each] of scheduled) {
    const misfit = each?.misfit(steps);
    if (misfit) return { field: `${field}.${misfit.option}`, message: misfit.message };
  }
  return undefined;
}
