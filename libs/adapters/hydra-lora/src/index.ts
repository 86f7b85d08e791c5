export { createHydraLora, hydraLoraAdapter, type HydraLoraSettings } from './hydra-lora-adapter.js';
export { hydraUpdate } from './hydra-update.js';
