export { testChecks } from './test-checks.js';
export { mutations } from './mutations.js';
