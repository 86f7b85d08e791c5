import { largest, smallest } from '@gmoe/core/extremes';
import { axisValue, treatmentAxes } from '../summary/arms.js';
import type { ArmSummary } from '../summary/index.js';
import { CATEGORY_COLOURS, COLOUR_NAMES, SEQUENTIAL } from './palette.js';
import { wantsLog, writtenNumber } from './axes.js';

export interface ArmColours {
  /** Colour of an arm. */
  readonly of: (arm: ArmSummary) => string;
  /** A sentence for captions, e.g. ` Colour: router (blue: linear, orange: graph).`; empty if all arms share one. */
  readonly caption: string;
  /** The same for charts after the first: without the values where they are long. */
  readonly short: string;
}

/** Names of colours that together are longer stand once, under the first chart. */
const LONG_KEY = 120;

const ONE_COLOUR: ArmColours = { of: () => CATEGORY_COLOURS[0], caption: '', short: '' };

/** Axes by which arms can be coloured: of two to seven values, or numbers. */
export function colourAxes(arms: readonly ArmSummary[]): string[] {
  const axes = [...new Set(arms.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))];
  return axes.filter((axis) => {
    const values = valuesOf(arms, axis);
    return values.length > 1 && (values.length <= CATEGORY_COLOURS.length || isNumeric(arms, axis));
  });
}

/** Colours by the first axis that has between two and seven values, so that arms that share it can be seen to. */
export function armColours(arms: readonly ArmSummary[]): ArmColours {
  const axis = colourAxes(arms).find((name) => {
    const { length } = valuesOf(arms, name);
    return length <= CATEGORY_COLOURS.length && length < arms.length;
  });
  return axis === undefined ? ONE_COLOUR : coloursByAxis(arms, axis);
}

/** Colours by one axis: a colour a value, or for more numbers than colours a scale from dark to light. */
export function coloursByAxis(arms: readonly ArmSummary[], axis: string): ArmColours {
  const values = valuesOf(arms, axis);
  if (values.length < 2) return ONE_COLOUR;
  if (values.length <= CATEGORY_COLOURS.length) {
    const colours = new Map(values.map((value, i) => [value, CATEGORY_COLOURS[i]!]));
    const key = values.map((value, i) => `${COLOUR_NAMES[i]!}: ${value}`).join(', ');
    return {
      of: (arm) => colours.get(axisValue(arm.axes[axis] ?? null)) ?? CATEGORY_COLOURS[0],
      caption: ` Colour: ${axis} (${key}).`,
      short: key.length > LONG_KEY ? ` Colour: ${axis}, as under the first chart.` : ` Colour: ${axis} (${key}).`,
    };
  }
  return coloursByNumber(
    axis,
    (arm) => arm.axes[axis] as number | undefined,
    arms.flatMap((arm) => (typeof arm.axes[axis] === 'number' ? [arm.axes[axis]] : [])),
  );
}

/** Colours along the scale by a number of each arm; logarithmic where the numbers span much. */
export function coloursByNumber(
  name: string,
  numberOf: (arm: ArmSummary) => number | undefined,
  numbers: readonly number[],
): ArmColours {
  const log = wantsLog(numbers);
  const place = (value: number) => (log ? Math.log(value) : value);
  const [low, high] = [smallest(numbers), largest(numbers)];
  const caption = ` Colour: ${name}, dark ${writtenNumber(low)} to light ${writtenNumber(high)}.`;
  return {
    of: (arm) => {
      const value = numberOf(arm);
      if (value === undefined) return CATEGORY_COLOURS[6];
      return scaleColour(high > low ? (place(value) - place(low)) / (place(high) - place(low)) : 0);
    },
    caption,
    short: caption,
  };
}

/** Along the scale from 0 to 1 without its palest end, which white swallows. */
export function scaleColour(share: number): string {
  return SEQUENTIAL[Math.round(Math.min(1, Math.max(0, share)) * (SEQUENTIAL.length - 2))]!;
}

function valuesOf(arms: readonly ArmSummary[], axis: string): string[] {
  return [...new Set(arms.map((arm) => axisValue(arm.axes[axis] ?? null)))];
}

function isNumeric(arms: readonly ArmSummary[], axis: string): boolean {
  return arms.every(({ axes }) => typeof axes[axis] === 'number');
}
