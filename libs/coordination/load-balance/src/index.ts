export { loadBalanceCoordination } from './load-balance-coordination.js';
