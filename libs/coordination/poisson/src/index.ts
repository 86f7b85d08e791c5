export { poissonCoordination, poissonTarget } from './poisson-coordination.js';
