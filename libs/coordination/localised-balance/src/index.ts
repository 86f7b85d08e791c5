export { localisedBalanceCoordination } from './localised-balance-coordination.js';
