export { createDora, doraAdapter } from './dora-adapter.js';
