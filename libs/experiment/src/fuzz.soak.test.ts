import { describe, it } from 'vitest';
import { fuzzStore, fuzzSweepFiles } from './testing/fuzz-store.js';

describe('damaged files end in one line, soon', () => {
  it('sweep files', () => fuzzSweepFiles(20_000, 101));
  it('files of a store', () => fuzzStore(500, 202));
});
