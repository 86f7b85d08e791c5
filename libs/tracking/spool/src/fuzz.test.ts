import { it } from 'vitest';
import { fuzzJournals } from './testing/fuzz-journals.js';

it('damaged journals end in one line, soon, in little memory', () => fuzzJournals(12, 5));
