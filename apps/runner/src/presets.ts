import { presets as methodPresets } from '@gmoe/adapters-moe-lora';
import { presetRegistry } from '@gmoe/experiment';

/** Named configurations that a sweep or trial can start from. */
export const presets = presetRegistry(methodPresets);
