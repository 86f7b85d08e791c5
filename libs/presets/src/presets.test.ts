import { componentsOf } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import * as presets from './index.js';

describe('presets', () => {
  it('name the baselines and ablations, each number with its source', () => {
    const members = Object.values(presets);
    expect(componentsOf(presets)).toHaveLength(members.length);
    expect(members.map(({ id }) => id).sort()).toEqual([
      'gmoe',
      'gmoe-no-graph',
      'gmoe-no-normal',
      'gmoe-no-poisson',
      'lora',
      'loramoe',
      'ming-moe',
      'mixlora',
      'mola',
    ]);
    for (const preset of members) expect(Object.keys(preset.create().sources).length).toBeGreaterThan(2);
  });
});
