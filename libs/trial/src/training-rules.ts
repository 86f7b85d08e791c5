import { adapterKind, routingMisfit } from '@gmoe/adapters-core';
import { coordinationKind } from '@gmoe/coordination-core';
import type { ComponentRegistry } from '@gmoe/core';
import { chosenScoring } from '@gmoe/evaluation';
import type { TrialRule } from '@gmoe/experiment';
import { routerKind } from '@gmoe/routers-core';
import { scheduleKind, type Schedule } from '@gmoe/schedules';
import type { TrialConfig } from './trial-schema.js';

/** What of a config's training can be checked before anything runs. */
export function trainingRules(components: ComponentRegistry): TrialRule<TrialConfig>[] {
  const schedulesFit: TrialRule<TrialConfig> = (config) => {
    const { steps } = config.training;
    return steps === undefined ? undefined : scheduleMisfit(config, components, steps);
  };
  return [schedulesFit, (config) => routingRule(config, components)];
}

/** Which part of a config's routing does not fit the others, or the way it is trained. */
function routingRule(
  { adapter, router, coordination, training, evaluation }: TrialConfig,
  components: ComponentRegistry,
): ReturnType<TrialRule<TrialConfig>> {
  if (!router) return undefined;
  const { selector, tellsOutputs } = components.build(adapterKind, adapter);
  if (!selector) return undefined;
  if (selector.acrossTokens && training.accumulate > 1) {
    return {
      field: 'training.accumulate',
      message: `must be 1 with selector '${selector.id}', which shares the tokens of a whole batch out among the experts (got ${training.accumulate})`,
    };
  }
  if (selector.acausal && chosenScoring(evaluation).id === 'generation') {
    return {
      field: 'evaluation.scoring',
      message: `must not be generation with selector '${selector.id}', which looks at later tokens; allowed beside it: label-token, log-likelihood, or its option evaluation: top-k`,
    };
  }
  return routingMisfit({
    router: components.build(routerKind, router),
    selector,
    coordination: coordination.map((choice) => components.build(coordinationKind, choice)),
    tellsOutputs,
  });
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
