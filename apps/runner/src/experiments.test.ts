import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSweep, planSweep, type SweepSpec } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { presets } from './presets.js';
import { schema } from './registries.js';

/** The full-size sweeps name model folders that only their user has. */
function onBundledBase(spec: SweepSpec): SweepSpec {
  return JSON.parse(
    JSON.stringify(spec).replaceAll(/models\/(Llama-3-8B|Qwen2-7B|Yi-1\.5-9B)/g, 'bundled'),
  ) as SweepSpec;
}

const files = [
  'experiments/quickstart.yaml',
  ...['small', 'paper'].flatMap((folder) =>
    readdirSync(join('experiments', folder))
      .filter((name) => name !== 'base.yaml')
      .map((name) => join('experiments', folder, name)),
  ),
];

describe('experiments', () => {
  it.each(files)('%s plans without an error, with every trial its own', (file) => {
    const plan = planSweep(onBundledBase(loadSweep(file)), { schema, presets });
    expect(plan.trials.length).toBeGreaterThanOrEqual(15);
    expect(new Set(plan.trials.map(({ hash }) => hash)).size).toBe(plan.trials.length);
  });

  it('holds the sizes of the paper’s Table 1 grid: methods x tasks x bases x seeds', () => {
    const spec = loadSweep('experiments/paper/table1.yaml');
    const grid = spec.grid as Record<string, object>;
    expect(Object.values(grid).map((axis) => Object.keys(axis).length)).toEqual([3, 3, 5]);
    expect(spec.seeds).toBe(5);
  });
});
