export { poissonCoordination, poissonLogTarget } from './poisson-coordination.js';
