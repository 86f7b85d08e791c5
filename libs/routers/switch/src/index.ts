export { switchRouter } from './switch-router.js';
export { switchSelector } from './switch-selector.js';
