export { varianceCoordination } from './variance-coordination.js';
