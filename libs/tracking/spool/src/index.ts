export { openSpool, spoolOptions, type Spool, type SpoolOptions } from './spool.js';
export type { RunRecorder, RunFields, ParamValue, DatasetFields, RecorderProblem } from './run-recorder.js';
export type { EndStatus } from './records.js';
