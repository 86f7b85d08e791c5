export {
  addStatistics,
  coSelection,
  type LayerStatistics,
  type Matrix,
  type RoutingStatistics,
} from './routing-statistics.js';
export { coefficientOfVariation, DEAD_BELOW, deadExperts, loadShares, normalizedEntropy } from './load.js';
export { specialization, type Specialization } from './specialization.js';
export { optimalMatching } from './optimal-matching.js';
export { routingAgreement, type RoutingAgreement, type SelectedExperts } from './routing-agreement.js';
export { loadMetrics, routingMetrics } from './routing-metrics.js';
