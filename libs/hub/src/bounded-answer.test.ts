import { createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { boundedAnswer } from './bounded-answer.js';
import { HubClient } from './hub-client.js';
import { hubSettings } from './hub-settings.js';

const endless = (): { response: Response; sent(): number; cancelled(): boolean } => {
  let [sent, cancelled] = [0, false];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 100;
      controller.enqueue(new Uint8Array(100));
    },
    cancel() {
      cancelled = true;
    },
  });
  return { response: new Response(body), sent: () => sent, cancelled: () => cancelled };
};

it('refuses an answer without end in one line, and reads no further', async () => {
  const { response, sent, cancelled } = endless();
  await expect(boundedAnswer('http://u:secret@hub/api/models/a/b?x=1', response, 1000)).rejects.toThrow(
    /^http:\/\/[^ ]*hub\/api\/models\/a\/b: an answer of more than 1000 bytes, which no hub gives$/,
  );
  expect(sent()).toBeLessThan(2000);
  expect(cancelled()).toBe(true);
});

it('leaves an answer of the size as it is', async () => {
  const headers = { link: '<http://hub/next>; rel="next"' };
  const answer = await boundedAnswer('http://hub', new Response('[1, 2]', { status: 200, headers }), 6);
  expect(await answer.json()).toEqual([1, 2]);
  expect(answer.headers.get('link')).toBe(headers.link);
  expect((await boundedAnswer('http://hub', new Response(null, { status: 204 }))).status).toBe(204);
});

it('holds for what a hub is asked', async () => {
  const server = createServer((socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 40}\r\n\r\n{"id":`));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const policy = { attempts: 1, wait: () => Promise.resolve() };
  const client = new HubClient({ ...hubSettings({}), endpoint }, policy, undefined);
  await expect(client.fetch(`${endpoint}/api/models/a/b`)).rejects.toThrow(
    `${endpoint}/api/models/a/b: an answer of more than ${64 * 2 ** 20} bytes, which no hub gives`,
  );
});
