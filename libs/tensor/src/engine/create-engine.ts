import { createCompiledEngine } from './compiled-engine.js';
import { createEagerEngine } from './eager-engine.js';
import type { Engine, EngineOptions } from './engine.js';

/**
 * Opens an engine. Default: compiled, on the cpu.
 * @throws UserError with what to install if the engine or the device is not to be had here.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  return options.engine === 'eager' ? createEagerEngine(options) : createCompiledEngine(options);
}
