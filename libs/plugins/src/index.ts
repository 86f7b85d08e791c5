export { compilePlugin, type CompiledPlugin } from './compile-plugin.js';
export { loadPlugin, type LoadedPlugin } from './load-plugin.js';
