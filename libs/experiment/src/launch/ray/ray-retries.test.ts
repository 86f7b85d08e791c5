import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { collect, fakeStore } from '../../testing/fake-sweep.js';
import { createRayLauncher } from './ray.js';
import { rayOptions } from './ray-options.js';

/** A job server whose workers die as soon as they start. */
async function deadlyServer(): Promise<{ address: string; submitted(): number }> {
  let submitted = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/api/jobs/') submitted++;
    const answer = { ray_version: '2', status: 'FAILED', message: 'the node died', driver_exit_code: 1 };
    request.resume().on('end', () => response.end(JSON.stringify(answer)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, submitted: () => submitted };
}

it.each([0, 2])('with retries: %d as many workers take over, and then no more', async (retries) => {
  const { address, submitted } = await deadlyServer();
  const options = rayOptions.parse({ address, workers: 1, retries });
  const run = await createRayLauncher({ options, command: () => ['worker'], pollSeconds: 0.01 }).submit({
    store: fakeStore({ seeds: 1 }),
  });
  const [events, summary] = await Promise.all([collect(run.events()), run.done]);
  expect(summary).toMatchObject({ finished: 0, failed: 0, remaining: 1 });
  expect(submitted()).toBe(retries + 1);
  const troubles = events.flatMap((event) => (event.type === 'trouble' ? [event.message] : []));
  expect(troubles).toHaveLength(retries + 1);
  expect(troubles.at(-1)).toContain(`died: the node died; no more are started (launcher.retries: ${retries})`);
  for (const trouble of troubles.slice(0, -1)) expect(trouble).toContain('another one takes over');
});
