import { coordinationContract } from '@gmoe/coordination-core/testing';
import type { Contract } from '@gmoe/core';
import { scoringContract } from '@gmoe/evaluation';
import { familyContract } from '@gmoe/model';
import { adapterContract } from '@gmoe/adapters-core/testing';
import { optimizerContract } from '@gmoe/optimizers';
import { routerContract, selectorContract } from '@gmoe/routers-core/testing';
import { scheduleContract } from '@gmoe/schedules';

/** What each kind demands of its components. Kinds without an entry are checked for what every component holds. */
export const contracts: readonly Contract[] = [
  adapterContract,
  routerContract,
  selectorContract,
  coordinationContract,
  familyContract,
  optimizerContract,
  scheduleContract,
  scoringContract,
];
