import { describe, expect, it } from 'vitest';
import { scheduleSchema } from './options.js';
import { scheduleFactor } from './schedule.js';

const factors = (options: object, steps: number) =>
  Array.from({ length: steps }, (_, i) => scheduleFactor(scheduleSchema.parse(options), i + 1, steps));

describe('scheduleFactor', () => {
  it('rises over the warm-up, then stays constant', () => {
    expect(factors({ warmupSteps: 4 }, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  });

  it('falls linearly to the final ratio at the last step', () => {
    expect(factors({ id: 'linear', warmupSteps: 1, finalRatio: 0.2 }, 5)).toEqual(
      [1, 0.8, 0.6, 0.4, 0.2].map((x) => expect.closeTo(x, 12)),
    );
  });

  it('falls along half a cosine', () => {
    // (1 + cos(pi k / 4)) / 2 for k = 0..4
    expect(factors({ id: 'cosine', warmupSteps: 1 }, 5)).toEqual(
      [1, 0.8535533906, 0.5, 0.1464466094, 0].map((x) => expect.closeTo(x, 9)),
    );
  });
});
