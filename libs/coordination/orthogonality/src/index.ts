export { orthogonalityCoordination } from './orthogonality-coordination.js';
