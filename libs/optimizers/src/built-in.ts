// The optimizers that come with the framework: one line each.
export { adamW } from './adamw.js';
export { lion } from './lion.js';
export { sgd } from './sgd.js';
