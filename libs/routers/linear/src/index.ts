export { linearRouter } from './linear-router.js';
