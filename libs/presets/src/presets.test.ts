import { describe, expect, it } from 'vitest';
import { methodPresets, presets } from './index.js';

describe('presets', () => {
  it('name the baselines and ablations, each number with its source', () => {
    expect(methodPresets.map(({ id }) => id)).toEqual([
      'lora',
      'loramoe',
      'ming-moe',
      'mola',
      'mixlora',
      'gmoe',
      'gmoe-no-graph',
      'gmoe-no-poisson',
      'gmoe-no-normal',
    ]);
    for (const { sources } of methodPresets) expect(Object.keys(sources).length).toBeGreaterThan(2);
    expect(presets.map((preset) => preset.create().trial)).toEqual(methodPresets.map(({ trial }) => trial));
  });
});
