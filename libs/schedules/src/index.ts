export { checkSchedule, scheduleKind, type Schedule, type ScheduleMisfit } from './schedule.js';
export { finalRatioOption, warmupOption, withWarmup, type RunPosition, type WarmupOptions } from './warm-up.js';
export * from './built-in.js';
export { schedules } from './schedules.js';
export { scheduleContract } from './schedule-contract.js';
