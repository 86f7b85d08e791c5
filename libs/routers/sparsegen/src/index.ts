export { sparsegen } from './sparsegen.js';
export { sparsegenSelector } from './sparsegen-selector.js';
