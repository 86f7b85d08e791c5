import { isTracing } from '../trace/trace-state.js';
import { traceBackend } from '../trace/trace-backend.js';

/**
 * Marks what `block` computes, e.g. one layer of a model, as a block whose values the backward pass may compute again instead of
 * holding them (`EngineOptions.recompute`): `torch.utils.checkpoint` for a compiled program. Changes no value. Needs `beginBackward`.
 */
export function recomputable<T>(block: () => T): T {
  return isTracing() ? traceBackend.builder.inBlock(block) : block();
}

/** Marks the end of a forward pass: what comes from here on is its gradient. */
export function beginBackward(): void {
  if (isTracing()) traceBackend.builder.beginBackward();
}
