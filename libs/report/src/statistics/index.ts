export { median, quantileSorted, reliability, type Reliability, type ReliabilityBin } from '@gmoe/core/statistics';
export { mean, sampleStd } from './describe.js';
export type { Interval } from './interval.js';
export { tInterval } from './t-interval.js';
export { stdInterval } from './std-interval.js';
export { bcaInterval, bootstrapInterval, percentileInterval, type BootstrapOptions } from './bootstrap.js';
export { pairedTTest, type PairedTTest } from './paired-t-test.js';
export { signTest, smallestSignP, type ExactTest } from './sign-test.js';
export { wilcoxonSignedRank, type WilcoxonTest } from './wilcoxon.js';
export { mcNemarTest, type McNemarTest } from './mcnemar.js';
export { pairedBootstrap, type PairedBootstrap, type PairedBootstrapOptions } from './paired-bootstrap.js';
export { holm } from './holm.js';
export { cohensDz, hedgesG, probabilityOfSuperiority } from './effect-size.js';
export { detectableDz, noncentralTCdf, pairedTPower, seedsNeeded, type PowerOptions } from './power.js';
export { optionProbabilities } from './option-probabilities.js';
export {
  shownShare,
  varianceShares,
  type AxisShare,
  type VarianceShares,
  type VarianceTrial,
} from './variance-shares.js';
export { pairwiseAgreement } from './agreement.js';
