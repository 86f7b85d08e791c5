export { loadContribution, normalCoordination, type NormalOptions } from './normal-coordination.js';
