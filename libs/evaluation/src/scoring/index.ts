import { generationScoring } from './generation.js';
import { labelTokenScoring } from './label-token.js';
import { logLikelihoodScoring } from './log-likelihood.js';
import { perplexityScoring } from './perplexity.js';

/** The scorings that come with the framework. */
export const scoringComponents = [labelTokenScoring, logLikelihoodScoring, generationScoring, perplexityScoring];
