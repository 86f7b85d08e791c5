export { sigmoidBiasRouter } from './sigmoid-bias-router.js';
