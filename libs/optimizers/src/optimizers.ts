import * as builtIn from './built-in.js';

/** The optimizers that come with the framework. */
export const optimizers = Object.values(builtIn);
