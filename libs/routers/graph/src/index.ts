export { graphRouter, graphWarnings, hiddenFeatures, type GraphRouterOptions } from './graph-router.js';
export {
  cosineEdges,
  cosineSimilarities,
  countEdges,
  EDGE_KINDS,
  fullEdges,
  noEdges,
  normalizedAdjacency,
  randomEdges,
  twinFreeEdges,
  twinGroups,
  type EdgeKind,
  type ExpertEdges,
} from './expert-graph.js';
