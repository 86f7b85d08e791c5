import { readFileSync } from 'node:fs';
import { stableHash, type Json } from '@gmoe/core';
import type { JsonObject } from '@gmoe/experiment';
import { expect, it } from 'vitest';
import { schema } from './components.js';

/** Configs as they were written once, and the sha256 of their identity without contents. */
const known = JSON.parse(readFileSync(new URL('./testing/identities.json', import.meta.url), 'utf8')) as {
  readonly [name: string]: { readonly config: JsonObject; readonly sha256: string };
};

// An option that is added takes a default under which these stay; a default that changes needs a `revision` of its component.
it.each(Object.entries(known))('%s is the trial that it was', (_, { config, sha256 }) => {
  const identity = schema.identify(schema.resolve(config));
  expect(stableHash(identity.config as Json)).toBe(sha256);
  expect(Object.keys(identity.contents)).toEqual(['base', 'task']);
});
