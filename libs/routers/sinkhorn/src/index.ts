export { sinkhornSelector } from './sinkhorn-selector.js';
