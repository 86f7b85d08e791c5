export { noisyTopKRouter } from './noisy-topk-router.js';
