// The scorings that come with the framework: one line each.
export { generationScoring } from './generation.js';
export { labelTokenScoring } from './label-token.js';
export { logLikelihoodScoring } from './log-likelihood.js';
export { perplexityScoring } from './perplexity.js';
