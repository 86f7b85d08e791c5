import { coordinationKind } from '@gmoe/coordination-core';
import { FIDELITIES } from '@gmoe/core';
import { routerKind } from '@gmoe/routers-core';
import { describe, expect, it } from 'vitest';
import { components, schema } from './components.js';

describe('fidelity of a trial config', () => {
  // Those that ask for a certain router or selector are refused beside others (routing-rules.test.ts).
  const ids = components.ids(coordinationKind).filter((id) => !components.build(coordinationKind, { id }).needs);

  it.each(FIDELITIES)('%s: every router, selector and strategy has its options, in a list too', (fidelity) => {
    const coordination = ids.map((id) => ({ id, ...(id === 'normal' ? { coefficient: 3 } : {}) }));
    const mixture = { selector: { id: 'top-k' } };
    for (const definition of components.all(routerKind)) {
      const config = schema.resolve({
        fidelity,
        adapter: { mixture },
        router: { id: definition.id },
        coordination,
        task: { id: 'openstax-topics' },
      });
      expect(config.router).toEqual(components.resolveChoice(routerKind, { id: definition.id }, { fidelity }));
      expect(config.coordination).toEqual(
        coordination.map((choice) => components.resolveChoice(coordinationKind, choice, { fidelity })),
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
