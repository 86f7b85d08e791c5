import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { MlflowClient } from '../index.js';
import { boundedText } from './bounded-text.js';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.closeAllConnections() ?? server.close()));

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('never turns a POST into a GET nor carries a token to another host, and says where the server is', async () => {
  const seen: string[] = [];
  const other = await listen((request, response) => {
    seen.push(`${request.method} ${request.headers.authorization ?? 'none'}`);
    response.end('{}');
  });
  const at = await listen((request, response) =>
    response.writeHead(301, { location: `${other}/base${request.url!}` }).end(),
  );
  const client = new MlflowClient({ trackingUri: at, auth: { token: 'abc' }, retry: { retries: 0 } });
  const expected = `the server redirects to ${other}/base; set the tracking address (MLFLOW_TRACKING_URI) to that`;
  await expect(client.experiments.create({ name: 'x' })).rejects.toThrow(expected);
  await expect(client.runs.get('0'.repeat(32))).rejects.toThrow(expected);
  expect(seen).toEqual([]);
});

it('follows the same host: a GET anywhere, a POST where the method is to be kept', async () => {
  const seen: string[] = [];
  const at = await listen((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    if (request.url!.startsWith('/moved')) return response.end('{"experiment_id":"7"}');
    response.writeHead(308, { location: `/moved${request.url!}` }).end();
  });
  const client = new MlflowClient({ trackingUri: at, auth: { token: 'abc' }, retry: { retries: 0 } });
  expect(await client.experiments.create({ name: 'x' })).toBe('7');
  expect(seen).toEqual([
    'POST /api/2.0/mlflow/experiments/create Bearer abc',
    'POST /moved/api/2.0/mlflow/experiments/create Bearer abc',
  ]);
});

it('stops reading an answer that has no end', async () => {
  const at = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  });
  await expect(boundedText(await fetch(at), 1_000_000)).rejects.toThrow('has more than 1000000 bytes');
});
