import { describe, expect, it } from 'vitest';
import { schema } from './components.js';

const resolve = (router: object, selector: object, rest: object = {}) =>
  schema.resolve({
    task: { id: 'openstax-topics' },
    adapter: { mixture: { selector } },
    router,
    ...rest,
  } as never);

describe('a routing whose parts do not fit is refused before anything runs', () => {
  it.each([
    [{ id: 'quantile' }, { id: 'relu' }, {}, /router: 'quantile' balances by a bias .* selector 'relu' does not rank/],
    [
      { id: 'graph' },
      { id: 'top-k' },
      { coordination: [{ id: 'similarity' }] },
      /coordination: 'similarity' needs a router that is a linear map of the token, and 'graph' is not/,
    ],
    [
      { id: 'linear' },
      { id: 'top-k' },
      { coordination: [{ id: 'expert-sparsity' }] },
      /coordination: 'expert-sparsity' needs a selector that learns how sparse a choice is, and 'top-k' does not/,
    ],
    [
      { id: 'linear' },
      { id: 'top-k' },
      { coordination: [{ id: 'orthogonality' }] },
      /coordination: 'orthogonality' needs experts that are summed updates of a linear layer; allowed: adapter moe-lora with mixture.form additive, hydra-lora/,
    ],
    [
      { id: 'linear' },
      { id: 'sinkhorn' },
      { training: { accumulate: 2 } },
      /training.accumulate: must be 1 with selector 'sinkhorn'.*got 2/,
    ],
    [
      { id: 'linear' },
      { id: 'expert-choice' },
      { evaluation: { scoring: 'generation' } },
      /evaluation.scoring: must not be generation with selector 'expert-choice'/,
    ],
  ])('%j, %j, %j', (router, selector, rest, message) => {
    expect(() => resolve(router, selector, rest)).toThrow(message);
  });

  it('and one whose parts fit is not', () => {
    expect(() => resolve({ id: 'quantile', router: { id: 'graph' } }, { id: 'top-k' })).not.toThrow();
    expect(() => resolve({ id: 'linear' }, { id: 'relu' }, { coordination: [{ id: 'relu-sparsity' }] })).not.toThrow();
    expect(() =>
      resolve({ id: 'linear' }, { id: 'sparsegen' }, { coordination: [{ id: 'expert-sparsity' }] }),
    ).not.toThrow();
    expect(() => resolve({ id: 'linear' }, { id: 'top-k' }, { coordination: [{ id: 'similarity' }] })).not.toThrow();
    const byTokens = { id: 'expert-choice', evaluation: 'top-k' };
    expect(() => resolve({ id: 'linear' }, byTokens, { evaluation: { scoring: 'generation' } })).not.toThrow();
  });
});
