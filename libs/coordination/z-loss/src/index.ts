export { zLossCoordination } from './z-loss-coordination.js';
