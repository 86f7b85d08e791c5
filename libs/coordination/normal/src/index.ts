export { normalCoordination } from './normal-coordination.js';
