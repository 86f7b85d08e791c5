import { stableHash } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { groupHash, trialHash, type JsonObject } from './index.js';

const config = { base: 'bundled', seed: 3, engine: { threads: 1 }, training: { steps: 10, checkpointEvery: 5 } };

describe('identity', () => {
  it('is the sha256 of version and config without what does not matter', () => {
    expect(trialHash(config)).toBe(
      stableHash({ config: { base: 'bundled', seed: 3, training: { steps: 10 } }, formatVersion: 1 }),
    );
    expect(groupHash(config)).toBe(
      stableHash({ config: { base: 'bundled', training: { steps: 10 } }, formatVersion: 1 }),
    );
  });

  it('changes with everything else', () => {
    const hashes = [
      config,
      { ...config, seed: 4 },
      { ...config, base: 'other' },
      { ...config, training: { steps: 11, checkpointEvery: 5 } },
    ].map(trialHash);
    expect(new Set(hashes).size).toBe(4);
    expect(trialHash({ ...config, engine: { threads: 8 }, training: { steps: 10, checkpointEvery: 1 } })).toBe(
      hashes[0],
    );
  });

  it('leaves out an option that came later where it says what was before', () => {
    expect(trialHash({ ...config, compute: 'float32' })).toBe(trialHash(config));
    expect(groupHash({ ...config, compute: 'float32' })).toBe(groupHash(config));
    expect(
      new Set([config, ...['int8-forward', 'int8'].map((compute) => ({ ...config, compute }))].map(trialHash)).size,
    ).toBe(3);
  });

  it('knows an adapter of before, when it had no id', () => {
    const lora = { rank: 4, targets: ['q_proj'] };
    const mixture = { experts: 8 };
    const later = { layers: null, rankPattern: {}, alphaPattern: {}, modulesToSave: [] };
    const hashOf = (adapter: JsonObject) => trialHash({ ...config, adapter });
    expect(hashOf({ id: 'lora', ...lora, ...later })).toBe(hashOf({ lora, mixture: null }));
    expect(hashOf({ id: 'moe-lora', lora: { ...lora, ...later }, mixture: { ...mixture, routing: 'block' } })).toBe(
      hashOf({ lora, mixture }),
    );
    const others = [
      { id: 'lora', ...lora, ...later, layers: [0] },
      { id: 'dora', ...lora, ...later },
      { id: 'moe-lora', lora: null, mixture: { ...mixture, routing: 'projection' } },
    ];
    expect(
      new Set([{ lora, mixture: null }, { lora, mixture }, { lora: null, mixture }, ...others].map(hashOf)).size,
    ).toBe(6);
  });
});
