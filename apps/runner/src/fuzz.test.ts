import { it } from 'vitest';
import { fuzz, FUZZED } from './testing/fuzz-inputs.js';

it.each(Object.keys(FUZZED) as (keyof typeof FUZZED)[])(
  'a damaged file ends in one line, soon, in little memory: %s',
  (kind) => fuzz(kind, 60, 11),
);
