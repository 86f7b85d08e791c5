import type { Engine, EngineOptions } from './engine.js';
import { createEagerEngine } from './eager-engine.js';

/**
 * Opens an engine. Default: compiled, on the first device that works.
 * @throws UserError with what to install if the engine or the device is not to be had here.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  return createEagerEngine(options);
}
