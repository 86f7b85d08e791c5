import { createEngine } from '../engine/create-engine.js';
import type { TensorFunction } from '../engine/engine.js';
import type { HostOf } from '../tree.js';

type Run = (...args: unknown[]) => Promise<unknown>;

/** What a function gives on the compiled and on the eager engine, both on the cpu. */
export async function onBothEngines<F extends TensorFunction>(
  fn: F,
  frozen: object,
  args: readonly unknown[],
): Promise<{ compiled: HostOf<ReturnType<F>>; eager: HostOf<ReturnType<F>> }> {
  const run = async (name: 'compiled' | 'eager'): Promise<unknown> => {
    const engine = await createEngine({ engine: name, device: 'cpu' });
    try {
      const program = engine.jit(fn as TensorFunction, { name: 'both-engines', frozen });
      return await (program as unknown as Run)(...args);
    } finally {
      await engine.dispose();
    }
  };
  const results: unknown = { compiled: await run('compiled'), eager: await run('eager') };
  return results as { compiled: HostOf<ReturnType<F>>; eager: HostOf<ReturnType<F>> };
}
