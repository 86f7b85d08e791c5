import { testChecks } from '@gmoe/core/testing';
import { familyContract } from '@gmoe/model';
import { familyComponents } from './index.js';

for (const component of familyComponents) {
  testChecks(`${component.id} is a model family`, familyContract.checks(component));
}
