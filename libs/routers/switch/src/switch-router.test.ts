import { testChecks } from '@gmoe/core/testing';
import { routerContract } from '@gmoe/routers-core/testing';
import { switchRouter } from './index.js';

testChecks(
  `router '${switchRouter.id}' keeps the contract`,
  routerContract.checks(switchRouter, [{ name: 'defaults' }]),
);
