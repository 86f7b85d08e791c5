export { onBothEngines } from './both-engines.js';
export { relativeError } from './relative-error.js';
