import type { Json } from '@gmoe/core';
import type { JsonObject } from '@gmoe/experiment';
import { selectorKind } from '@gmoe/routers-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { components } from './components.js';
import { at, runTiny, setUpTrials, tearDownTrials } from './testing/options/trial-cases.js';

beforeAll(setUpTrials);
afterAll(tearDownTrials);

const mixture = (over: JsonObject, router: JsonObject = { id: 'linear', std: 1 }): JsonObject => ({
  base: at('two-layers'),
  adapter: { id: 'moe-lora', lora: null, mixture: { experts: 3, rank: 2, targets: ['up_proj'], ...over } },
  router,
});

const dropped = () => mixture({ selector: { id: 'top-k', k: 2 }, dropout: 0.1 });

interface Outcome {
  readonly metrics: Readonly<Record<string, number>>;
  readonly predictions: string;
  readonly adapter: string;
}

describe('a trial leaves the same bits', () => {
  let first: Promise<unknown>;
  beforeAll(() => void (first = runTiny(dropped())));
  it.each<[string, JsonObject]>([
    ['as the second one of its process', {}],
    ['with layers computed again for the gradient', { engine: { recompute: 'full' } }],
    ['with all but frozen products computed again', { engine: { recompute: 'selective' } }],
    ['with two threads, which have no op here large enough to share', { engine: { threads: 2 } }],
  ])('%s', async (_, over) => {
    expect(await runTiny({ ...dropped(), ...over })).toEqual(await first);
  });

  it.each([1, 7])(
    'scored %i examples at a time; measures of the routing are sums in another order',
    async (batchSize) => {
      const [other, one] = [await runTiny({ ...dropped(), evaluation: { batchSize } }), await first] as Outcome[];
      expect([other!.predictions, other!.adapter]).toEqual([one!.predictions, one!.adapter]);
      for (const [name, value] of Object.entries(one!.metrics))
        expect(Math.abs(other!.metrics[name]! - value), name).toBeLessThan(name.startsWith('routing/') ? 1e-6 : 1e-12);
    },
  );

  it('and another seed leaves others', async () => {
    expect(await runTiny({ ...dropped(), seed: 1 })).not.toEqual(await first);
  });
});

describe('one expert, the control of an ablation over their number', () => {
  const selectors = components.all(selectorKind).map(({ id }) => [id, 'linear', [1, 2]] as const);
  const cases = [...selectors, ['top-k', 'graph', 1], ['switch', 'graph', 1]] as const;

  it.each(cases)('selector %s, router %s, experts %j: trains', async (selector, router, experts) => {
    const k = 'k' in components.get(selectorKind, selector).options.shape ? { k: 1 } : {};
    const outcome = await runTiny(
      mixture(
        { experts: experts as Json, selector: { id: selector, ...k } },
        router === 'graph' ? { id: 'graph', width: 4 } : { id: router },
      ),
    );
    expect(outcome, String(outcome)).toMatchObject({ metrics: { 'eval/loss': expect.any(Number) } });
    const { metrics } = outcome as { metrics: Record<string, number> };
    for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), `${name} ${value}`).toBe(true);
  });
});
