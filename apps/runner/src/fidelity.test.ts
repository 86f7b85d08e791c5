import { FIDELITIES, resolveOptions } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { registries, schema } from './registries.js';

describe('fidelity of a trial config', () => {
  const ids = registries.coordination.ids();

  it.each(FIDELITIES)('%s: every router, selector and strategy has its options, in a list too', (fidelity) => {
    const coordination = ids.map((id) => ({ id, ...(id === 'normal' ? { coefficient: 3 } : {}) }));
    const mixture = { selector: { id: 'top-k' } };
    for (const definition of registries.routers.all()) {
      const config = schema.resolve({
        fidelity,
        adapter: { mixture },
        router: { id: definition.id },
        coordination,
        task: { id: 'openstax-topics' },
      });
      expect(config.router).toEqual({ id: definition.id, ...(resolveOptions(definition, {}, fidelity) as object) });
      expect(config.coordination).toEqual(
        coordination.map(({ id, ...own }) => ({
          id,
          ...(resolveOptions(registries.coordination.get(id), own, fidelity) as object),
        })),
      );
    }
  });

  it('reference sorts, clamps and counts padding; a stored config resolves to itself', () => {
    const config = schema.resolve({
      fidelity: 'reference',
      router: { id: 'graph', gain: 7 },
      coordination: [{ id: 'normal', sorted: false }, { id: 'poisson' }],
      task: { id: 'openstax-topics' },
    });
    expect(config.router).toMatchObject({ edges: 'cosine', gain: 7, width: 128 });
    expect(config.coordination).toMatchObject([
      { id: 'normal', sorted: false, normalizeOver: 'model', includePadding: true, parameterization: 'clamp' },
      { id: 'poisson', parameterization: 'clamp', absoluteLog: true, termLimit: 32 },
    ]);
    expect(schema.resolve(config as never)).toEqual(config);
  });
});
