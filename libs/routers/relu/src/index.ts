export { reluSelector } from './relu-selector.js';
