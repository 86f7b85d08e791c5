import { expect, it } from 'vitest';
import { rayAddress, rayOptions } from './ray-options.js';

it('takes the address of the config, else that of the environment, and keeps no password', () => {
  const address = (configured: string | undefined, variable?: string) =>
    rayAddress(rayOptions.parse(configured === undefined ? {} : { address: configured }), {
      RAY_API_SERVER_ADDRESS: variable,
    });
  expect(address(undefined)).toBe('http://127.0.0.1:8265');
  expect(address(undefined, 'https://head')).toBe('https://head');
  expect(address('http://own:1', 'https://head')).toBe('http://own:1');
  expect(() => address(undefined, 'ray://head:10001')).toThrow(
    "RAY_API_SERVER_ADDRESS: must be the http(s) URL of the cluster's job server (got ray://head:10001)",
  );
  expect(() => address('http://me:secret@head:8265')).toThrow(
    'launcher.address: must hold no user or password; a token goes into RAY_AUTH_TOKEN (got http://***@head:8265)',
  );
});
