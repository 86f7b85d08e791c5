import { CATEGORY_COLOURS, element } from '@gmoe/report/page';

/** Curves at once; more cannot be told apart. */
export const MOST_CURVES = CATEGORY_COLOURS.length;

export const colourAt = (place: number): string => CATEGORY_COLOURS[place % CATEGORY_COLOURS.length]!;

/** The mark of a curve's colour; without colour of what has no curve. */
export function swatchOf(place: number | undefined): HTMLElement {
  const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  if (place !== undefined) swatch.style.background = colourAt(place);
  return swatch;
}
