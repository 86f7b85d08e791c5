// Without anything of Node: the report's page uses it too.
export { median, quantileSorted } from './quantile.js';
export { CALIBRATION_BINS, reliability, type Reliability, type ReliabilityBin } from './reliability.js';
export { softmax } from './softmax.js';
