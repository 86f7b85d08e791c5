import type { LaunchEvent } from '@gmoe/experiment';
import { describe, expect, it } from 'vitest';
import { DrawNotes } from './draw-notes.js';

const note = (arm: string, seed: number, text: string, step = 0): LaunchEvent => ({
  type: 'progress',
  trial: { hash: `${arm} ${seed}`, group: arm, arm, axes: {}, seed },
  event: { time: 0, type: 'note', step, text },
});

describe('remarks on draws', () => {
  it('are shown for the first trial of an arm, two lines and where the rest is', () => {
    const notes = new DrawNotes();
    const lines = [
      note('a', 0, 'one'),
      note('b', 0, 'other'),
      note('a', 0, 'two'),
      note('a', 1, 'of another seed'),
      note('a', 0, 'three'),
      note('a', 0, 'four'),
      note('a', 0, 'resumed after step 5', 5),
    ].map((event) => notes.line(event));
    expect(lines).toEqual([
      'a, seed 0: one',
      'b, seed 0: other',
      'a, seed 0: two',
      undefined,
      'a, seed 0: further remarks in its log.txt',
      undefined,
      undefined,
    ]);
  });
});
