import { readFileSync } from 'node:fs';
import { parseOptions, type ComponentChoice } from '@gmoe/core';
import { parseSweep, planSweep, slurmOptions, launcherKind, type JsonObject } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { components, schema } from './components.js';
import { checkStopping } from './stopping-needs.js';

const blocks = [...readFileSync('docs/sweeps.md', 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
  ([, text]) => parse(text!) as JsonObject,
);
const plan = (raw: JsonObject) => {
  const sweep = planSweep(parseSweep(raw, { source: 'docs/sweeps.md', name: 'docs' }), { schema });
  checkStopping(sweep);
  return sweep;
};

describe('docs/sweeps.md', () => {
  it('shows sweeps of the size that it tells, and a profile that the launcher takes', () => {
    const sweeps = blocks.filter((block) => 'trial' in block).map((block) => plan(block).trials.length);
    expect(sweeps).toEqual([15, 25, 12, 3, 12]);
    const profile = blocks.find((block) => !('trial' in block))!;
    expect(parseOptions(slurmOptions, profile)).toMatchObject({ gpus: '1', concurrency: 8 });
    const launchers = blocks.flatMap(({ launcher }) => (launcher ? [launcher as unknown as ComponentChoice] : []));
    const ray = launchers.filter(({ id }) => id === 'ray');
    expect(ray.map((launcher) => components.resolveChoice(launcherKind, launcher))).toMatchObject([
      { workers: 8, trialsAtOnce: 2, resources: { a100: 1 } },
    ]);
  });
});
