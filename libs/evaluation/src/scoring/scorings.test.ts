import { testChecks } from '@gmoe/core/testing';
import { scoringContract } from '../contract/scoring-contract.js';
import { scoringComponents } from './index.js';

for (const component of scoringComponents) {
  const { id } = component;
  const cases = [
    { name: 'defaults' },
    ...(id === 'log-likelihood' ? [{ name: 'normalised', options: { normalize: 'characters' } }] : []),
    ...(id === 'generation' ? [{ name: 'two tokens', options: { maxTokens: 2, until: ['3'] } }] : []),
  ];
  testChecks(id, scoringContract.checks(component, cases));
}
