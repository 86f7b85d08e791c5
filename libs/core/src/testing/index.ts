export { testChecks } from './test-checks.js';
