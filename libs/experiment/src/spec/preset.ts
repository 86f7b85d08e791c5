import { componentKind, defineComponent, type Component } from '@gmoe/core';
import { z } from 'zod';
import type { JsonObject } from './config-path.js';

/** A named configuration to start from: a paper's baseline, an ablation. */
export interface Preset {
  /** Part of a trial config, laid under `trial`. */
  readonly trial: JsonObject;
  /** Where its numbers come from, by config path. */
  readonly sources: Readonly<Record<string, string>>;
}

export const presetKind = componentKind<Preset>('preset');

/** A component of kind preset; it has no options. Only the method: optimizer, data and length of training are the sweep's. */
export function definePreset({
  id,
  description,
  trial,
  sources = {},
}: {
  readonly id: string;
  readonly description: string;
  readonly trial: JsonObject;
  readonly sources?: Readonly<Record<string, string>>;
}): Component<Preset> {
  return defineComponent(presetKind, {
    id,
    description,
    options: z.strictObject({}),
    create: () => ({ trial, sources }),
  });
}
