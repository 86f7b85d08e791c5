import { presetRegistry } from '@gmoe/experiment';

/** Named configurations that a sweep can start from. */
export const presets = presetRegistry();
