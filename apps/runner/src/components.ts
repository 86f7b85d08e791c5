import { adapterKind } from '@gmoe/adapters-core';
import { coordinationKind } from '@gmoe/coordination-core';
import { ComponentRegistry, componentsOf } from '@gmoe/core';
import { taskKind } from '@gmoe/datasets';
import { scoringKind } from '@gmoe/evaluation';
import { launcherKind, presetKind, type TrialSchema } from '@gmoe/experiment';
import { familyKind } from '@gmoe/model';
import { optimizerKind } from '@gmoe/optimizers';
import { routerKind, selectorKind } from '@gmoe/routers-core';
import { scheduleKind } from '@gmoe/schedules';
import { trialSchema, type TrialConfig } from '@gmoe/trial';
import { buildInfo } from './build-info.js';
import * as builtIn from './built-in.js';

/** Everything that a config can name. */
export const components = new ComponentRegistry([
  adapterKind,
  routerKind,
  selectorKind,
  coordinationKind,
  optimizerKind,
  scheduleKind,
  taskKind,
  scoringKind,
  launcherKind,
  presetKind,
  familyKind,
]);

for (const [source, module] of Object.entries(builtIn)) {
  const digest = buildInfo?.packages[source];
  const origin = { source, ...(digest === undefined ? {} : { digest }) };
  for (const component of componentsOf(module)) components.register(component, origin);
}

/** Trial configs over them. */
export const schema: TrialSchema<TrialConfig> = trialSchema(components);
