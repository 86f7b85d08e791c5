// The presets that come with the program: one line a file.
export { lora } from './lora.js';
export { loramoe } from './loramoe.js';
export { mingMoe } from './ming-moe.js';
export { mola } from './mola.js';
export { mixlora } from './mixlora.js';
export { gmoe, gmoeNoGraph, gmoeNoPoisson, gmoeNoNormal } from './gmoe.js';
