export { ggufBytes, tinyGguf } from './gguf-writer.js';
