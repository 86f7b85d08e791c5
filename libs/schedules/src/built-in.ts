// The schedules that come with the framework: one line each.
export { constantSchedule } from './constant.js';
export { cosineSchedule } from './cosine.js';
export { inverseSqrtSchedule } from './inverse-sqrt.js';
export { linearSchedule } from './linear.js';
export { wsdSchedule } from './wsd.js';
