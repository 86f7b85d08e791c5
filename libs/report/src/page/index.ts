export { CATEGORY_COLOURS } from '../charts/palette.js';
export { curveFigure } from '../charts/curves-figure.js';
export { meanCurve } from './curve-data.js';
export { choice, element, slider } from './element.js';
export { LiveFigure } from './live-figure.js';
