import * as builtIn from './built-in.js';

/** The scorings that come with the framework. */
export const scoringComponents = Object.values(builtIn);
