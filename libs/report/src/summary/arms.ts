import type { Json } from '@gmoe/core';
import type { TrialRecord } from '../results/sweep-results.js';

/** Axes that change what is measured rather than how it is reached: arms are compared within one value of them. */
const CONTEXT_AXES = ['base', 'task', 'task.id'];

/** The trials of one arm, in the order of the sweep. */
export interface Arm {
  readonly name: string;
  readonly group: string;
  readonly axes: Readonly<Record<string, Json>>;
  readonly context: string;
  readonly records: readonly TrialRecord[];
}

/** Groups trials by arm. */
export function groupArms(trials: readonly TrialRecord[]): Arm[] {
  const groups = new Map<string, TrialRecord[]>();
  for (const record of trials) {
    const group = groups.get(record.trial.group);
    if (group) group.push(record);
    else groups.set(record.trial.group, [record]);
  }
  return [...groups].map(([group, records]) => {
    const { arm, axes } = records[0]!.trial;
    return { name: arm, group, axes, context: contextOf(axes), records };
  });
}

function contextOf(axes: Readonly<Record<string, Json>>): string {
  return CONTEXT_AXES.flatMap((axis) => (axes[axis] === undefined ? [] : [axisValue(axes[axis])])).join(' · ');
}

/** An axis value as text. */
export function axisValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The axes that tell arms of one context apart. */
export function treatmentAxes(axes: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(axes).filter(([axis]) => !CONTEXT_AXES.includes(axis)));
}
