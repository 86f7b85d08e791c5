export { quantileRouter } from './quantile-router.js';
