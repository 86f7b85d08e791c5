import { componentKind, defineComponent, type Component } from '@gmoe/core';
import { z } from 'zod';
import type { JsonObject } from './config-path.js';

/** A named configuration to start from: a paper's baseline, an ablation. */
export interface Preset {
  /** Part of a trial config, laid under `trial`. */
  readonly trial: JsonObject;
}

export const presetKind = componentKind<Preset>('preset');

/** A component of kind preset; it has no options. */
export function definePreset({
  id,
  description,
  trial,
}: {
  readonly id: string;
  readonly description: string;
  readonly trial: JsonObject;
}): Component<Preset> {
  return defineComponent(presetKind, { id, description, options: z.strictObject({}), create: () => ({ trial }) });
}
