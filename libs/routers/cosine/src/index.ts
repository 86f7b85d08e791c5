export { cosineRouter } from './cosine-router.js';
