import { expect, it } from 'vitest';
import type { Adapter } from './adapter.js';
import { fixedAdapter } from './index.js';

it('refuses to generate with a selector that looks at later tokens', () => {
  const adapter = { routing: { acausal: true } } as unknown as Adapter;
  expect(() => fixedAdapter(adapter, { trainable: {}, frozen: {}, state: {} })).toThrow(/looks at later tokens/);
});
