import * as builtIn from './built-in.js';

/** The schedules that come with the framework. */
export const schedules = Object.values(builtIn);
