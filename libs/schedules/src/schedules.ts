import { constantSchedule } from './constant.js';
import { cosineSchedule } from './cosine.js';
import { inverseSqrtSchedule } from './inverse-sqrt.js';
import { linearSchedule } from './linear.js';
import { wsdSchedule } from './wsd.js';

/** The schedules that come with the framework. */
export const schedules = [constantSchedule, linearSchedule, cosineSchedule, wsdSchedule, inverseSqrtSchedule];
