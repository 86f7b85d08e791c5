import { describe, it } from 'vitest';
import { fuzzStore, fuzzSweepFiles } from './testing/fuzz-store.js';

describe('damaged files end in one line, soon', () => {
  it('sweep files', () => fuzzSweepFiles(120, 1));
  it('files of a store', () => fuzzStore(4, 2));
});
