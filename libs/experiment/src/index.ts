export * from './records/index.js';
export * from './spec/index.js';
export * from './store/index.js';
export * from './worker/index.js';
export * from './launch/index.js';
