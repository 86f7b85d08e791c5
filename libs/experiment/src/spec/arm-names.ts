import { UserError } from '@gmoe/core';
import type { Choice } from './expand.js';
import type { SweepSpec } from './load-sweep.js';
import type { UnnamedArm } from './plan.js';

const SEPARATOR = ' · ';

/**
 * A short, unique name for each arm: its values in the order of the axes, `graph · poisson+normal · density=0.1`. Text
 * stands alone; numbers carry the shortest end of their path that no other axis of the sweep shares.
 *
 * @throws UserError if two explicit arms of different configuration bear the same name.
 */
export function nameArms(arms: readonly UnnamedArm[], spec: SweepSpec): string[] {
  const axes = [...new Set(arms.flatMap((arm) => arm.choices.flatMap((choice) => Object.keys(choice.set))))];
  const short = new Map(axes.map((axis) => [axis, shortest(axis, axes)]));
  const nameOf = (arm: UnnamedArm, full: boolean): string =>
    [...(arm.explicit === undefined ? [] : [arm.explicit]), ...arm.choices.map((choice) => label(choice, short, full))]
      .filter(Boolean)
      .join(SEPARATOR) || spec.name;
  const names = arms.map((arm) => nameOf(arm, false));
  const counts = tally(names);
  const unique = names.map((name, index) => (counts.get(name)! > 1 ? nameOf(arms[index]!, true) : name));
  const doubled = [...tally(unique)].find(([, count]) => count > 1)?.[0];
  if (doubled !== undefined) {
    throw new UserError(`${spec.source}: arms: two different configurations are named '${doubled}'; rename one`);
  }
  return unique;
}

function label(choice: Choice, short: ReadonlyMap<string, string>, full: boolean): string {
  if (choice.label !== undefined)
    return full ? `${short.get(choice.axis) ?? choice.axis}=${choice.label}` : choice.label;
  return Object.entries(choice.set)
    .map(([path, value]) => `${short.get(path)!}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function shortest(axis: string, axes: readonly string[]): string {
  const segments = axis.split('.');
  for (let length = 1; length < segments.length; length++) {
    const end = segments.slice(-length).join('.');
    if (axes.every((other) => other === axis || !`.${other}`.endsWith(`.${end}`))) return end;
  }
  return axis;
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
