export { reluSparsityCoordination } from './relu-sparsity-coordination.js';
