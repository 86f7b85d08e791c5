export { expertSparsityCoordination } from './expert-sparsity-coordination.js';
