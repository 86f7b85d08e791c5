export type * from './summary.js';
export type { LayerRoutingSummary, RoutingSummary } from './routing.js';
export type { AxisEffect } from './axis-effects.js';
export { summarise, summariseOptionsSchema, type SummariseOptions } from './summarise.js';
export { METRICS, metricDefinition, type MetricDefinition, type Unit } from './metric-catalog.js';
