import { testChecks } from '@gmoe/core/testing';
import { routerContract } from '@gmoe/routers-core/testing';
import { linearRouter } from './index.js';

testChecks(
  `router '${linearRouter.id}' keeps the contract`,
  routerContract.checks(linearRouter, [{ name: 'defaults' }]),
);
