import { componentKind, UserError } from '@gmoe/core';

/** How a value, usually the learning rate, changes over a run of optimizer steps. Pure. */
export interface Schedule {
  /** The value at optimizer step `step`, 1-based, of `steps`, relative to its highest. */
  factor(step: number, steps: number): number;
  /** Why it cannot be run over this many steps, with the option at fault; undefined where it can. */
  misfit(steps: number): ScheduleMisfit | undefined;
}

export interface ScheduleMisfit {
  readonly option: string;
  readonly message: string;
}

export const scheduleKind = componentKind<Schedule>('schedule');

/** @throws UserError where the schedule does not fit a run of `steps`; `field` is where the schedule was written */
export function checkSchedule(schedule: Schedule, steps: number, field = 'schedule'): void {
  const misfit = schedule.misfit(steps);
  if (misfit) throw new UserError(`${field}.${misfit.option}: ${misfit.message}`);
}
