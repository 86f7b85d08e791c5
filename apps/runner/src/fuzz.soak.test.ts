import { randomInt } from 'node:crypto';
import { it } from 'vitest';
import { fuzz, FUZZED } from './testing/fuzz-inputs.js';

const seed = Number(process.env['GMOE_FUZZ_SEED'] ?? randomInt(2 ** 31));
process.stderr.write(`seed: GMOE_FUZZ_SEED=${seed}\n`);

it.each(Object.keys(FUZZED) as (keyof typeof FUZZED)[])(
  'damaged files end in one line, soon, in little memory: %s',
  (kind) => fuzz(kind, Number(process.env['GMOE_FUZZ_COUNT'] ?? 20_000), seed),
);
