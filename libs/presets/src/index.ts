import { definePreset } from '@gmoe/experiment';
import { methodPresets } from './method-presets.js';

export { methodPresets, type MethodPreset } from './method-presets.js';

/** The methods as components. */
export const presets = methodPresets.map(definePreset);
