export { centredRouter } from './centred-router.js';
