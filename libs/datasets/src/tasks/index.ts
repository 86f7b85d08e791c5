import type { TaskComponent } from '../task.js';
import * as builtIn from './built-in.js';

/** The tasks that come with the framework. */
export const taskDefinitions: readonly TaskComponent[] = Object.values(builtIn);
