// The model families that come with the framework: one line each.
export { gemmaFamily } from './gemma.js';
export { gemma2Family } from './gemma2.js';
export { gemma3TextFamily } from './gemma3-text.js';
export { graniteFamily } from './granite.js';
export { llamaFamily } from './llama.js';
export { mistralFamily } from './mistral.js';
export { olmo2Family } from './olmo2.js';
export { phi3Family } from './phi3.js';
export { qwen2Family } from './qwen2.js';
export { qwen3Family } from './qwen3.js';
export { smollm3Family } from './smollm3.js';
export { stablelmFamily } from './stablelm.js';
