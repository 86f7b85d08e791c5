import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { proxyFetch, proxyVariable } from '../index.js';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('goes through the proxy of the environment, but for the hosts of NO_PROXY', async () => {
  const origin = await listen(createServer((request, response) => response.end(`origin ${request.method}`)));
  const seen: string[] = [];
  const proxy = await listen(
    createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      request.pipe(httpRequest(origin, { method: request.method }, (answer) => answer.pipe(response)));
    }).on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 502 Bad\r\n\r\n');
    }),
  );
  const through = proxyFetch({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: 'localhost,127.0.0.1' });
  const answer = await through('http://hub.invalid/a', { method: 'POST', body: 'x' });
  expect(await answer.text()).toBe('origin POST');
  await expect(through('https://hub.invalid/b')).rejects.toThrow('fetch failed');
  expect(await (await through(origin)).text()).toBe('origin GET');
  expect(seen).toEqual(['POST http://hub.invalid/a', 'CONNECT hub.invalid:443']);
  expect(await (await proxyFetch({})(origin)).text()).toBe('origin GET');
  await expect(proxyFetch({ HTTPS_PROXY: 'nonsense' })(origin)).rejects.toThrow(/^HTTPS_PROXY: must be the http/);
  expect(proxyVariable('http://a', { HTTPS_PROXY: 'x' })).toBeUndefined();
});
