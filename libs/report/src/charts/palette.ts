/**
 * Okabe and Ito's colours, told apart with every common form of colour blindness; the yellow is left out, it does not
 * show on white. All have contrast on light and dark grounds.
 */
export const CATEGORY_COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c8c8c'] as const;

/** What to call them in captions, in the same order. */
export const COLOUR_NAMES = ['blue', 'orange', 'green', 'pink', 'amber', 'light blue', 'grey'] as const;

/** Neutral colours of charts. The page's style sheet swaps exactly these in dark mode. */
export const INK = '#1c2127';
export const MUTED = '#5b6570';
export const RULE = '#d5dbe1';
export const SURFACE = '#fffffe';

/** Sequential: viridis at nine points, lightness rises monotonically. */
export const SEQUENTIAL = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
] as const;

/** What swaps in dark mode. */
export const DARK: Readonly<Record<string, string>> = {
  [INK]: '#e8ebee',
  [MUTED]: '#a3adb8',
  [RULE]: '#363d46',
  [SURFACE]: '#171b20',
};
