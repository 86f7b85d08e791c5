export { thresholdSelector } from './threshold-selector.js';
