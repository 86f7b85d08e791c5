import assert from 'node:assert/strict';
import {
  componentChecks,
  type Component,
  type Contract,
  type ContractCase,
  type ContractCheck,
  largest,
} from '@gmoe/core';
import { scheduleKind, type Schedule } from './schedule.js';

const LENGTHS = [1, 2, 7, 100, 1000];

/** What every schedule must hold: factors from 0 to 1 of step and length alone, and no run that never trains. */
export const scheduleContract: Contract<Schedule> = {
  kind: scheduleKind,
  checks: (component, cases = [{ name: 'defaults' }]) => [
    ...componentChecks(component),
    ...cases.flatMap((one) => caseChecks(component, one)),
  ],
};

function caseChecks(component: Component<Schedule>, { name, options }: ContractCase): ContractCheck[] {
  const schedule = component.create(options);
  const run = (steps: number) => Array.from({ length: steps }, (_, i) => schedule.factor(i + 1, steps));
  const lengths = LENGTHS.filter((steps) => schedule.misfit(steps) === undefined);
  return [
    {
      name: `${name}: fits some run, and says which option is at fault where it does not`,
      run() {
        assert.ok(lengths.length > 0, `fits none of the runs of ${LENGTHS.join(', ')} steps`);
        for (const steps of LENGTHS) {
          const misfit = schedule.misfit(steps);
          if (misfit) assert.ok(misfit.option in component.options.shape, `no option '${misfit.option}'`);
        }
      },
    },
    {
      name: `${name}: factors from 0 to 1, 0 at most at the first step, the same at every call`,
      run() {
        for (const steps of lengths) {
          const factors = run(steps);
          factors.forEach((factor, i) => {
            assert.ok(factor >= 0 && factor <= 1, `step ${i + 1} of ${steps}: ${factor}`);
            if (i > 0) assert.notEqual(factor, 0, `step ${i + 1} of ${steps} trains nothing`);
          });
          assert.ok(largest(factors) > 0, `a run of ${steps} steps trains nothing`);
          assert.deepEqual(run(steps), factors);
        }
      },
    },
  ];
}
