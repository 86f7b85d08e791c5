import { adamW } from './adamw.js';
import { lion } from './lion.js';
import { sgd } from './sgd.js';

/** The optimizers that come with the framework. */
export const optimizers = [adamW, lion, sgd];
