import { readFileSync } from 'node:fs';
import { testChecks } from '@gmoe/core/testing';
import { describe, expect, it } from 'vitest';
import { checkSchedule, constantSchedule, linearSchedule, scheduleContract, schedules, wsdSchedule } from './index.js';

/** From transformers: tools/goldens/schedules.py */
const golden = JSON.parse(readFileSync(new URL('./testing/schedules.json', import.meta.url), 'utf8')) as {
  id: string;
  options: object;
  factors: number[];
}[];

describe('factors equal transformers, step by step', () => {
  it.each(golden)('$id $options', ({ id, options, factors }) => {
    const schedule = schedules.find((each) => each.id === id)!.create(options);
    const ours = factors.map((_, i) => schedule.factor(i + 1, factors.length));
    expect(ours).toEqual(factors.map((factor) => expect.closeTo(factor, 12)));
  });

  it('covers every schedule that transformers has', () => {
    const theirs = ['constant', 'cosine', 'inverse-sqrt', 'linear', 'wsd'];
    expect([...new Set(golden.map(({ id }) => id))].sort()).toEqual(theirs);
  });
});

for (const schedule of schedules) {
  testChecks(
    `schedule '${schedule.id}' keeps the contract`,
    scheduleContract.checks(schedule, [{ name: 'defaults' }, { name: 'warm-up', options: { warmupSteps: 3 } }]),
  );
}

describe('a schedule that does not fit the run', () => {
  it('is refused, naming the option', () => {
    const warm = linearSchedule.create({ warmupSteps: 10 });
    expect(() => checkSchedule(warm, 10)).toThrow('schedule.warmupSteps: must be fewer than the 10 steps of the run');
    expect(() => checkSchedule(warm, 11)).not.toThrow();
    const wsd = wsdSchedule.create({ warmupSteps: 4, decaySteps: 7 });
    expect(() => checkSchedule(wsd, 10)).toThrow(
      "schedule.decaySteps: must be at most 6, what the warm-up leaves of the run's 10 steps",
    );
  });

  it('finalRatio is no option of constant', () => {
    expect(() => constantSchedule.create({ finalRatio: 0.1 })).toThrow('Unrecognized key: "finalRatio"');
  });
});

it("README's example gives what it says", () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const schedule = linearSchedule.create({ warmupSteps: 2, finalRatio: 0.5 });
  const factors = [1, 2, 3, 4, 5, 6].map((step) => schedule.factor(step, 6));
  expect(readme).toContain('linearSchedule.create({ warmupSteps: 2, finalRatio: 0.5 });');
  expect(readme).toContain(`[1, 2, 3, 4, 5, 6].map((step) => schedule.factor(step, 6)); // [${factors.join(', ')}]`);
});
