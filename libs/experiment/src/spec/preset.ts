import { Registry } from '@gmoe/core';
import type { JsonObject } from './config-path.js';

/** A named configuration to start from: a paper's baseline, an ablation. */
export interface Preset {
  readonly id: string;
  readonly description?: string;
  /** Part of a trial config, laid under `trial`. */
  readonly trial: JsonObject;
}

export function presetRegistry(presets: readonly Preset[] = []): Registry<Preset> {
  return new Registry('preset', presets);
}
