import { axisValue, treatmentAxes } from '../summary/arms.js';
import type { ArmSummary } from '../summary/index.js';
import { CATEGORY_COLOURS, COLOUR_NAMES } from './palette.js';

export interface ArmColours {
  /** Colour of an arm. */
  readonly of: (arm: ArmSummary) => string;
  /** A sentence for captions, e.g. ` Colour: router (blue: linear, orange: graph).`; empty if all arms share one. */
  readonly caption: string;
}

/** Colours by the first axis that has between two and seven values, so that arms that share it can be seen to. */
export function armColours(arms: readonly ArmSummary[]): ArmColours {
  const axes = [...new Set(arms.flatMap((arm) => Object.keys(treatmentAxes(arm.axes))))];
  for (const axis of axes) {
    const values = [...new Set(arms.map((arm) => axisValue(arm.axes[axis] ?? null)))];
    if (values.length < 2 || values.length > CATEGORY_COLOURS.length || values.length === arms.length) continue;
    const colours = new Map(values.map((value, i) => [value, CATEGORY_COLOURS[i]!]));
    const key = values.map((value, i) => `${COLOUR_NAMES[i]!}: ${value}`).join(', ');
    return {
      of: (arm) => colours.get(axisValue(arm.axes[axis] ?? null)) ?? CATEGORY_COLOURS[0],
      caption: ` Colour: ${axis} (${key}).`,
    };
  }
  return { of: () => CATEGORY_COLOURS[0], caption: '' };
}
