import { loadBalanceCoordination } from '@gmoe/coordination-load-balance';
import { normalCoordination } from '@gmoe/coordination-normal';
import { poissonCoordination } from '@gmoe/coordination-poisson';
import { zLossCoordination } from '@gmoe/coordination-z-loss';
import { Registry } from '@gmoe/core';
import { taskDefinitions } from '@gmoe/datasets';
import { selectorDefinitions } from '@gmoe/routers-core';
import { graphRouter } from '@gmoe/routers-graph';
import { linearRouter } from '@gmoe/routers-linear';
import { noisyTopKRouter } from '@gmoe/routers-noisy-topk';
import { sigmoidBiasRouter } from '@gmoe/routers-sigmoid-bias';
import { switchRouter, switchSelector } from '@gmoe/routers-switch';
import { trialSchema, type Registries } from '@gmoe/trial';

/** Every router that a config can name. A new router library is one more entry. */
export const routers = [linearRouter, graphRouter, switchRouter, sigmoidBiasRouter, noisyTopKRouter];

/** Every coordination strategy that a config can name. */
export const coordinationStrategies = [
  poissonCoordination,
  normalCoordination,
  loadBalanceCoordination,
  zLossCoordination,
];

/** Every task that a config can name. */
export const tasks = [...taskDefinitions];

export const registries: Registries = {
  routers: new Registry('router', routers),
  selectors: new Registry('selector', [...selectorDefinitions, switchSelector]),
  coordination: new Registry('coordination strategy', coordinationStrategies),
  tasks: new Registry('task', tasks),
};

export const schema = trialSchema(registries);
