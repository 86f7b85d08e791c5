import type { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createEngine, HostTensor, tf } from '../index.js';
import { sessionPool } from './session.js';
import { SessionPool } from './session-pool.js';

const graph = (name: string): Uint8Array => new TextEncoder().encode(name);

describe('session pool', () => {
  it('gives a released session to the next one with the same graph and settings, and keeps the last four', async () => {
    const released: string[] = [];
    let memory = 100;
    const pool = new SessionPool(() => memory);
    const acquire = (name: string, settings = '1') =>
      pool.acquire(graph(name), settings, () =>
        Promise.resolve({ release: async () => void released.push(name + settings) } as unknown as InferenceSession),
      );
    const first = await acquire('a');
    expect((await acquire('a')).session).not.toBe(first.session); // in use: never shared at a time
    await first.release();
    await first.release();
    expect((await acquire('a', '2')).session).not.toBe(first.session);
    const again = await acquire('a');
    expect(again.session).toBe(first.session);
    expect(pool.counts).toEqual({ opened: 3, reused: 1 });
    await again.release();
    for (const name of ['b', 'c', 'd', 'e']) await (await acquire(name)).release();
    expect(released).toEqual(['a1']);
    memory = 5000;
    await (await acquire('f')).release();
    expect(released).toEqual(['a1', 'b1', 'c1', 'd1', 'e1', 'f1']);
  });

  it('shares one graph between engines whose weights differ', async () => {
    const product = (frozen: { w: tf.Tensor2D }, x: tf.Tensor2D) => ({ y: tf.matMul(x, frozen.w).square().mul(0.625) });
    const before = { ...sessionPool.counts };
    for (const [w, y] of [
      [3, 22.5],
      [5, 62.5],
    ] as const) {
      const engine = await createEngine();
      const program = engine.jit(product, { name: 'product', frozen: { w: HostTensor.float([w], [1, 1]) } });
      expect((await program(HostTensor.float([2], [1, 1]))).y.item()).toBe(y);
      await engine.dispose();
    }
    expect(sessionPool.counts.reused - before.reused).toBe(1);
    expect(sessionPool.counts.opened - before.opened).toBe(1);
  });
});
