import { didYouMean, UserError, type Json } from '@gmoe/core';
import { isObject } from './config-path.js';
import type { SweepSpec } from './load-sweep.js';
import { searchPoints } from './search.js';
import { MOST_TRIALS, type Axis } from './sweep-schema.js';

/** One axis set to one of its values. */
export interface Choice {
  readonly axis: string;
  /** As it is recorded: the value, or the name of a composite one. */
  readonly value: Json;
  /** As arm names show it, where it speaks for itself without the axis. */
  readonly label?: string | undefined;
  /** What it lays onto the trial config. */
  readonly set: Readonly<Record<string, Json>>;
}

/** One combination of choices, before conditional axes are dropped. */
export interface Combination {
  /** Name of the explicit arm that it belongs to. */
  readonly arm?: string | undefined;
  readonly preset?: string | undefined;
  readonly set: Readonly<Record<string, Json>>;
  readonly choices: readonly Choice[];
}

/**
 * Every combination that a sweep names: grid × paired × search, then the explicit arms. A sweep with none of these is
 * one combination without choices.
 */
export function expand(spec: SweepSpec): Combination[] {
  checkConditions(spec);
  const axes = [...gridAxes(spec.grid ?? {}), ...pairedAxes(spec)];
  const points = spec.search ? searchPoints(spec.search, spec.source).map(pointChoices) : [[]];
  const combinations: Combination[] = [];
  if (axes.length > 0 || spec.search || !spec.arms) {
    for (const choices of product(axes, spec.source)) {
      for (const point of points) combinations.push({ preset: spec.preset, set: {}, choices: [...choices, ...point] });
    }
  }
  for (const arm of spec.arms ?? []) {
    for (const choices of product(gridAxes(arm.grid ?? {}), spec.source)) {
      combinations.push({
        arm: arm.name,
        preset: arm.preset ?? spec.preset,
        set: arm.set as Record<string, Json>,
        choices,
      });
    }
  }
  return combinations;
}

/** A condition on an axis that is not there is a slip of the pen, and would be ignored in silence. */
function checkConditions(spec: SweepSpec): void {
  const axes = [
    ...Object.keys(spec.grid ?? {}),
    ...(spec.paired ?? []).flatMap((group) => Object.keys(group)),
    ...Object.keys(spec.search?.space ?? {}),
    ...(spec.arms ?? []).flatMap((arm) => Object.keys(arm.grid ?? {})),
  ];
  const stray = Object.keys(spec.when ?? {}).find((path) => !axes.includes(path));
  if (stray === undefined) return;
  const known = axes.length > 0 ? `axes: ${[...new Set(axes)].join(', ')}` : 'it has none';
  throw new UserError(`${spec.source}: when.${stray}: is no axis of this sweep; ${didYouMean(stray, axes)}${known}`);
}

function gridAxes(grid: Readonly<Record<string, Axis>>): Choice[][] {
  return Object.entries(grid).map(([axis, values]) =>
    Array.isArray(values)
      ? values.map((value) => choice(axis, value as Json))
      : Object.entries(values).map(([name, value]) => ({
          axis,
          value: name,
          label: name,
          set: { [axis]: value as Json },
        })),
  );
}

function pairedAxes(spec: SweepSpec): Choice[][] {
  return (spec.paired ?? []).map((group, index) => {
    const axes = Object.keys(group);
    const lengths = new Set(Object.values(group).map((values) => values.length));
    if (lengths.size !== 1) {
      const got = axes.map((axis) => `${axis} ${group[axis]!.length}`).join(', ');
      throw new UserError(`${spec.source}: paired.${index}: all lists must have the same length (got ${got})`);
    }
    return Array.from({ length: [...lengths][0]! }, (_, row) => {
      const set = Object.fromEntries(axes.map((axis) => [axis, group[axis]![row] as Json]));
      return { axis: axes.join('+'), value: set, set };
    });
  });
}

function pointChoices(point: Record<string, Json>): Choice[] {
  return Object.entries(point).map(([axis, value]) => choice(axis, value));
}

function choice(axis: string, value: Json): Choice {
  return { axis, value, label: labelOf(value), set: { [axis]: value } };
}

/** Text and components (`{ id }`, lists of them) speak for themselves; numbers need their axis beside them. */
function labelOf(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  if (isObject(value)) return typeof value['id'] === 'string' ? value['id'] : undefined;
  if (!Array.isArray(value)) return undefined;
  const labels = value.map((element) => (isObject(element) ? labelOf(element as Json) : undefined));
  if (labels.some((label) => label === undefined)) return undefined;
  return labels.length > 0 ? labels.join('+') : 'none';
}

function product(axes: readonly (readonly Choice[])[], source: string): Choice[][] {
  const seed = axes.flat().some((one) => 'seed' in one.set);
  if (seed) throw new UserError(`${source}: grid.seed: seeds are no ordinary axis; list them under seeds`);
  const size = axes.reduce((total, axis) => total * axis.length, 1);
  if (size > MOST_TRIALS) {
    throw new UserError(`${source}: grid: at most ${MOST_TRIALS} combinations are allowed (got ${size})`);
  }
  return axes.reduce<Choice[][]>(
    (combinations, axis) => combinations.flatMap((combination) => axis.map((next) => [...combination, next])),
    [[]],
  );
}
