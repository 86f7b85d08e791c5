import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeSubfolder, writeWhole } from '@gmoe/core';
import type { SweepStore } from '@gmoe/experiment';
import { createEngine, type EngineOptions } from '@gmoe/tensor';
import { baselineKey, measureBaseline } from '@gmoe/trial';
import { components, schema } from './components.js';

/** Scores the untouched base once for each task and base of the sweep, where that has not been done. */
export async function measureBaselines(store: SweepStore, engineOptions: EngineOptions): Promise<void> {
  const folder = join(store.folder, 'baselines');
  const arms = new Map(store.manifest().trials.map((trial) => [trial.group, trial.hash]));
  const configs = new Map(
    [...arms.values()]
      .map((hash) => schema.resolve(store.config(hash)))
      .map((config) => [baselineKey(config, components), config]),
  );
  for (const [key, config] of configs) {
    const path = join(folder, `${key.slice(0, 16)}.json`);
    if (existsSync(path)) continue;
    const engine = await createEngine({ ...config.engine, ...engineOptions });
    try {
      const baseline = await measureBaseline(config, engine, components);
      makeSubfolder(folder);
      writeWhole(path, `${JSON.stringify(baseline, null, 2)}\n`);
    } finally {
      await engine.dispose();
    }
  }
}
