export { similarityCoordination } from './similarity-coordination.js';
