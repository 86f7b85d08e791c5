export { testChecks } from './test-checks.js';
export { jsonMutations, mutations } from './mutations.js';
