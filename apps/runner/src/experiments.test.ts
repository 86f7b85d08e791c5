import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SPLITS, taskKind } from '@gmoe/datasets';
import { loadSweep, planSweep, type JsonObject, type SweepSpec } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { readYaml } from './read-yaml.js';
import { components, schema } from './components.js';

/** The full-size sweeps name folders of models and data that only their user has. */
function onBundledBase(spec: SweepSpec): SweepSpec {
  return JSON.parse(
    JSON.stringify(spec)
      .replaceAll(/models\/(Llama-3-8B|Qwen2-7B|Yi-1\.5-9B)/g, 'bundled')
      .replaceAll(/"[^"]*SmolLM2[^"]*\.gguf"/g, '"bundled"')
      .replaceAll('data/siqa', 'experiments'),
  ) as SweepSpec;
}

const files = [
  'experiments/quickstart.yaml',
  ...['small', 'paper'].flatMap((folder) =>
    readdirSync(join('experiments', folder))
      .filter((name) => name !== 'base.yaml')
      .map((name) => join('experiments', folder, name)),
  ),
  // SIQA's sweep names no folder of its data: it differs from the others in the task's id alone.
  ...['arc-easy', 'arc-challenge', 'openbookqa', 'boolq', 'rates'].map((name) => `experiments/real-llm/${name}.yaml`),
];

describe('experiments', () => {
  it.each(files)('%s plans without an error, with every trial its own', (file) => {
    const plan = planSweep(onBundledBase(loadSweep(file)), { schema });
    expect(plan.trials.length).toBeGreaterThanOrEqual(12);
    expect(new Set(plan.trials.map(({ hash }) => hash)).size).toBe(plan.trials.length);
  });

  it.each(readdirSync('experiments/tasks').filter((name) => name.endsWith('.yaml')))(
    'experiments/tasks/%s is one trial on a task that is there',
    (name) => {
      const config = schema.resolve(readYaml(join('experiments', 'tasks', name)) as JsonObject, name);
      const task = components.build(taskKind, config.task);
      for (const split of SPLITS) expect(task.load(split).length).toBeGreaterThan(10);
    },
  );

  it('holds the sizes of the paper’s Table 1 grid: methods x tasks x bases x seeds', () => {
    const spec = loadSweep('experiments/paper/table1.yaml');
    const grid = spec.grid as Record<string, object>;
    expect(Object.values(grid).map((axis) => Object.keys(axis).length)).toEqual([3, 4, 5]);
    expect(spec.seeds).toBe(5);
  });
});
