export { checkSchedule, scheduleKind, type Schedule, type ScheduleMisfit } from './schedule.js';
export { finalRatioOption, warmupOption, withWarmup, type RunPosition, type WarmupOptions } from './warm-up.js';
export { constantSchedule } from './constant.js';
export { linearSchedule } from './linear.js';
export { cosineSchedule } from './cosine.js';
export { wsdSchedule } from './wsd.js';
export { inverseSqrtSchedule } from './inverse-sqrt.js';
export { schedules } from './schedules.js';
export { scheduleContract } from './schedule-contract.js';
