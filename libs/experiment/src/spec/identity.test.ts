import { componentField, componentKind, ComponentRegistry, defineComponent, pathField } from '@gmoe/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { groupIdentity, identityHash, trialIdentity, type JsonObject } from './index.js';

const routerKind = componentKind<string>('router');
const router = (more: z.ZodRawShape = {}, revision?: number) =>
  defineComponent(routerKind, {
    id: 'graph',
    description: 'a router',
    options: z.strictObject({ width: z.int().default(256), ...more }),
    fidelity: { reference: { width: 128 } },
    ...(revision === undefined ? {} : { revision }),
    create: () => '',
  });
const section = {
  base: pathField({ except: ['bundled'] }).default('bundled'),
  fidelity: z.enum(['paper', 'reference']).default('paper'),
  router: componentField(routerKind).prefault({ id: 'graph' }),
  training: z
    .strictObject({ steps: z.int().default(10), checkpointEvery: z.int().nullable().default(null) })
    .prefault({}),
  engine: z.strictObject({ threads: z.int().default(1) }).prefault({}),
  seed: z.int().default(0),
};
const schema = z.strictObject(section);

function hashOf(
  raw: JsonObject,
  over: { schema?: z.ZodType; router?: ReturnType<typeof router>; contents?: string } = {},
) {
  const registry = new ComponentRegistry([routerKind], [over.router ?? router()]);
  const used = over.schema ?? schema;
  const config = registry.resolve(used, raw, { fidelity: raw['fidelity'] === 'reference' ? 'reference' : 'paper' });
  const identity = trialIdentity(config as JsonObject, { base: over.contents ?? 'a' }, used, registry);
  return { trial: identityHash(identity), group: identityHash(groupIdentity(identity)), identity };
}

describe('identity', () => {
  it('leaves out defaults, paths, and what does not matter', () => {
    const { identity } = hashOf({
      base: '/a/model',
      router: { id: 'graph', width: 256 },
      training: { steps: 10 },
      seed: 3,
    });
    expect(identity).toEqual({
      rules: 2,
      config: { base: '(path)', training: {}, seed: 3 },
      contents: { base: 'a' },
    });
  });

  it('stays when an option is added at its default, deep in a component or beside it', () => {
    const before = hashOf({ router: { id: 'graph', width: 8 }, seed: 1 });
    const grown = z.strictObject({ ...section, compute: z.enum(['float32', 'int8']).default('float32') });
    const deeper = router({
      gain: z.number().default(1),
      start: z.strictObject({ std: z.number().default(2) }).prefault({}),
    });
    expect(hashOf({ router: { id: 'graph', width: 8 }, seed: 1 }, { schema: grown, router: deeper }).trial).toBe(
      before.trial,
    );
    expect(hashOf({ router: { id: 'graph', width: 8, gain: 2 }, seed: 1 }, { router: deeper }).trial).not.toBe(
      before.trial,
    );
  });

  it('changes with options, contents, seeds and a component’s revision; the same path elsewhere does not matter', () => {
    const hashes = [
      hashOf({}),
      hashOf({ seed: 1 }),
      hashOf({ router: { id: 'graph', width: 128 } }),
      hashOf({ fidelity: 'reference' }),
      hashOf({ training: { steps: 11 } }),
      hashOf({}, { contents: 'b' }),
      hashOf({}, { router: router({}, 1) }),
      hashOf({ base: '/a/model' }),
    ].map(({ trial }) => trial);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf({ base: '/elsewhere/model' }).trial).toBe(hashes.at(-1));
    expect(hashOf({ engine: { threads: 8 }, training: { checkpointEvery: 1 } }).trial).toBe(hashes[0]);
    expect(hashOf({ seed: 1 }).group).toBe(hashOf({}).group);
    expect(hashOf({}).group).not.toBe(hashes[0]);
  });
});
