export * from './records/index.js';
export * from './spec/index.js';
