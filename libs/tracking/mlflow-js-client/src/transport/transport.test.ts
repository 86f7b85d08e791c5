import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ConnectionError,
  HttpError,
  MlflowClient,
  MlflowError,
  optionsFromEnvironment,
  TimeoutError,
  UnexpectedAnswerError,
  type ClientOptions,
} from '../index.js';
import { FakeMlflow, FaultProxy } from '../testing/index.js';
import { parseRetryAfter, retryDelayMs } from './retry.js';

const FAST = { retry: { retries: 7, initialDelayMs: 1, maxDelayMs: 5 } };

describe('a race that the server lost', () => {
  // As a 3.17 server on sqlite answers one of two runs that name the same new dataset at once.
  const refusal = JSON.stringify({
    error_code: 'BAD_REQUEST',
    message:
      '(sqlite3.IntegrityError) UNIQUE constraint failed: datasets.experiment_id, datasets.name, datasets.digest',
  });
  const dataset = { name: 'boolq', digest: 'abc', sourceType: 'local', source: '{}', context: 'train' };
  const clientOf = (refusals: number) => {
    let asked = 0;
    const answers: typeof fetch = async () =>
      asked++ < refusals ? new Response(refusal, { status: 400 }) : new Response('{}');
    return { client: new MlflowClient({ trackingUri: 'http://127.0.0.1:1', ...FAST }, answers), asked: () => asked };
  };

  it('is asked again, and in the end given up', async () => {
    const won = clientOf(2);
    await won.client.runs.logInputs('a'.repeat(32), [dataset]);
    expect(won.asked()).toBe(3);
    const lost = clientOf(Infinity);
    await expect(lost.client.runs.logInputs('a'.repeat(32), [dataset])).rejects.toMatchObject({ lostRace: true });
    expect(lost.asked()).toBe(5);
  });
});

describe('requests under faults', () => {
  let fake: FakeMlflow;
  let proxy: FaultProxy;
  const clientOf = (options: Partial<ClientOptions> = {}): MlflowClient =>
    new MlflowClient({ trackingUri: proxy.url, ...FAST, ...options });
  beforeAll(async () => {
    fake = await FakeMlflow.start();
    proxy = await FaultProxy.start(fake.url);
  });
  afterEach(() => {
    proxy.fault = () => ({ kind: 'none' });
    proxy.seen.length = 0;
  });
  afterAll(async () => {
    await proxy.stop();
    await fake.stop();
  });

  it.each([408, 429, 500, 502, 503, 504])('tries again after %d', async (status) => {
    proxy.fault = (n) => (n < 2 ? { kind: 'status', status } : { kind: 'none' });
    expect((await clientOf().experiments.get('0')).name).toBe('Default');
    expect(proxy.seen.length).toBe(3);
  });

  it.each([400, 401, 403, 404, 501])('does not try again after %d', async (status) => {
    proxy.fault = () => ({ kind: 'status', status });
    await expect(clientOf().experiments.get('0')).rejects.toMatchObject({ status, transient: false });
    expect(proxy.seen.length).toBe(1);
  });

  it('gives up after the retries', async () => {
    proxy.fault = () => ({ kind: 'status', status: 503 });
    await expect(clientOf().experiments.get('0')).rejects.toThrow(HttpError);
    expect(proxy.seen.length).toBe(8);
  });

  it('tries again when the connection breaks, and says so when it stays broken', async () => {
    proxy.fault = (n) => (n < 3 ? { kind: 'cut' } : { kind: 'none' });
    await clientOf().experiments.get('0');
    proxy.fault = () => ({ kind: 'cut' });
    const error = await clientOf()
      .experiments.get('0')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toContain(`cannot reach ${proxy.url}`);
  });

  it('waits no longer than its timeout', async () => {
    proxy.fault = () => ({ kind: 'hang' });
    await expect(
      clientOf({ timeoutMs: 20, retry: { retries: 1, initialDelayMs: 1 } }).experiments.get('0'),
    ).rejects.toThrow(TimeoutError);
    expect(proxy.seen.length).toBe(2);
  });

  it('ends at once when told to, also between retries', async () => {
    proxy.fault = () => ({ kind: 'status', status: 503, retryAfter: '3600' });
    const client = clientOf({ retry: { retries: 7, initialDelayMs: 3_600_000, maxDelayMs: 3_600_000 } });
    const abort = new AbortController();
    const call = client.experiments.get('0', { signal: abort.signal });
    setTimeout(() => abort.abort(), 10);
    await expect(call).rejects.toThrow(MlflowError);
  });

  it('creates one run though the answer is lost', async () => {
    const lost = new Set([0, 1]);
    let creations = 0;
    proxy.fault = (_, _method, path) =>
      path.endsWith('/runs/create') && lost.has(creations++) ? { kind: 'lose-answer' } : { kind: 'none' };
    const { run, created } = await clientOf().runs.createOnce({
      runKey: 'lost-answer-1',
      experimentId: '0',
      startTime: 1,
    });
    expect(created).toBe(false);
    expect(creations).toBe(1);
    expect((await clientOf().runs.findByKey('0', 'lost-answer-1')).map((one) => one.info.runId)).toEqual([
      run.info.runId,
    ]);
  });

  it('deletes the twin if a lost attempt succeeds late', async () => {
    const client = clientOf();
    const late = (startTime: number) =>
      fake.store.createRun('0', '', startTime, [{ key: 'mlflow-js-client.runKey', value: 'late-twin-1' }]);
    let creations = 0;
    proxy.fault = (_, _method, path) => {
      if (!path.endsWith('/runs/create')) return { kind: 'none' };
      if (creations++ === 0) return { kind: 'cut' };
      late(0);
      return { kind: 'none' };
    };
    const { run } = await client.runs.createOnce({ runKey: 'late-twin-1', experimentId: '0', startTime: 5 });
    expect(run.info.startTime).toBe(0);
    expect((await client.runs.findByKey('0', 'late-twin-1')).length).toBe(1);
  });

  it('says what is wrong with an answer', async () => {
    const answers = (body: string) => new MlflowClient({ trackingUri: proxy.url }, async () => new Response(body));
    await expect(answers('<html>Welcome to nginx').experiments.get('0')).rejects.toThrow(UnexpectedAnswerError);
    await expect(answers('{"experiment":{"name":3}}').experiments.get('0')).rejects.toThrow(
      /experiment.experiment_id.*expected string/,
    );
    await expect(answers('<html>').version()).rejects.toThrow('no MLflow server answers there');
    const run =
      '{"run":{"info":{"run_id":"a","experiment_id":"1","status":"FINISHED","start_time":"17","new_field":1}}}';
    expect((await answers(run).runs.get('a')).info).toMatchObject({ startTime: 17, status: 'FINISHED' });
  });

  it('does not mistake an older server’s missing call for a missing run', async () => {
    const old = await FakeMlflow.start({ version: '2.22.0' });
    const client = new MlflowClient({ trackingUri: old.url, ...FAST });
    await expect(client.loggedModels.create({ experimentId: '0', name: 'm' })).rejects.toMatchObject({
      endpointMissing: true,
    });
    await expect(client.runs.get('0'.repeat(32))).rejects.toMatchObject({ endpointMissing: false });
    await old.stop();
  });

  it('sends large artifacts in parts where the store can', async () => {
    const store = await FakeMlflow.start({ multipart: true });
    const client = new MlflowClient({
      trackingUri: store.url,
      ...FAST,
      multipart: { thresholdBytes: 100, partBytes: 64 },
    });
    const bytes = new Uint8Array(300).map((_, index) => index % 256);
    const { info } = await client.runs.create({ experimentId: '0', startTime: 1 });
    await client.artifacts.upload(info, 'a b/parts.bin', bytes);
    expect(await client.artifacts.download(info, 'a b/parts.bin')).toEqual(bytes);
    expect([...store.requests.keys()].filter((name) => name.includes('/parts/')).length).toBe(5);
    await store.stop();
  });

  it('refuses artifacts that are not behind the proxy', async () => {
    await expect(clientOf().artifacts.upload({ artifactUri: 's3://bucket/x' }, 'a', 'b')).rejects.toThrow(
      's3://bucket/x are not behind',
    );
  });
});

describe('authentication', () => {
  it.each<[string, ClientOptions['auth'] | 'in the address', string]>([
    ['basic', { username: 'ü', password: 'p:w' }, `Basic ${Buffer.from('ü:p:w').toString('base64')}`],
    ['bearer', { token: 'abc' }, 'Bearer abc'],
    ['address', 'in the address', `Basic ${Buffer.from('us er:pw').toString('base64')}`],
  ])('%s', async (_, auth, authorization) => {
    const fake = await FakeMlflow.start({ authorization });
    const open = new MlflowClient({ trackingUri: fake.url });
    await expect(open.experiments.get('0')).rejects.toMatchObject({ status: 401 });
    const client =
      auth === 'in the address'
        ? new MlflowClient({ trackingUri: `${fake.url.replace('//', '//us%20er:pw@')}/` })
        : new MlflowClient({ trackingUri: fake.url, auth: auth ?? null });
    expect((await client.experiments.get('0')).name).toBe('Default');
    expect(client.trackingUri).toBe(fake.url);
    await fake.stop();
  });

  it.each(['http://h/mlflow', 'http://h/mlflow/', 'http://h/mlflow//', 'http://user:pa%40ss@h/mlflow/'])(
    '%s: below a path of a proxy',
    async (trackingUri) => {
      const own = trackingUri.includes('@');
      const authorization = `Basic ${Buffer.from('user:pa@ss').toString('base64')}`;
      const fake = await FakeMlflow.start(own ? { authorization } : {});
      const asked: string[] = [];
      const byProxy: typeof fetch = (url, init) => {
        asked.push(String(url));
        return fetch(String(url).replace('http://h/mlflow/', `${fake.url}/`), init);
      };
      const client = new MlflowClient({ trackingUri, ...FAST }, byProxy);
      expect((await client.experiments.get('0')).name).toBe('Default');
      expect(asked).toEqual(['http://h/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0']);
      expect(client.trackingUri).toBe('http://h/mlflow');
      await fake.stop();
    },
  );

  it('comes from the environment as for MLflow’s own client', () => {
    expect(optionsFromEnvironment({})).toBeUndefined();
    const env = { MLFLOW_TRACKING_URI: 'http://h:1', MLFLOW_TRACKING_TOKEN: 't' };
    expect(optionsFromEnvironment(env)).toEqual({ trackingUri: 'http://h:1', auth: { token: 't' } });
    expect(
      optionsFromEnvironment({ ...env, MLFLOW_TRACKING_USERNAME: 'u', MLFLOW_TRACKING_PASSWORD: 'p' }),
    ).toMatchObject({
      auth: { username: 'u', password: 'p' },
    });
    expect(
      optionsFromEnvironment({
        ...env,
        MLFLOW_TRACKING_INSECURE_TLS: 'true',
        MLFLOW_TRACKING_SERVER_CERT_PATH: '/ca.pem',
        MLFLOW_HTTP_REQUEST_TIMEOUT: '30',
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2',
        MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0.25',
      }),
    ).toMatchObject({
      tls: { rejectUnauthorized: false, caFile: '/ca.pem' },
      timeoutMs: 30_000,
      retry: { retries: 2, initialDelayMs: 250 },
    });
  });

  it.each(['sqlite:///x.db', './mlruns', 'http://', ''])('refuses %j as address', (trackingUri) => {
    expect(() => new MlflowClient({ trackingUri })).toThrow(/trackingUri/);
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-tls-'));
  const pem = (name: string): string => join(folder, `${name}.pem`);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('takes certificates that Node does not trust only when told, and shows its own', async () => {
    for (const name of ['server', 'client'])
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`].concat([
          '-addext',
          'subjectAltName=IP:127.0.0.1',
          '-keyout',
          pem(`${name}-key`),
          '-out',
          pem(name),
        ]),
        { stdio: 'ignore' },
      );
    const bodies: string[] = [];
    const server = createHttpsServer(
      {
        key: readFileSync(pem('server-key')),
        cert: readFileSync(pem('server')),
        ca: readFileSync(pem('client')),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const shown = (request.socket as unknown as { authorized: boolean }).authorized;
        let body = '';
        request
          .on('data', (chunk) => (body += chunk))
          .on('end', () => {
            bodies.push(body);
            response.end(JSON.stringify({ experiment: { experiment_id: '7', name: shown ? 'known' : 'unknown' } }));
          });
      },
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const trackingUri = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const name = async (tls: ClientOptions['tls']) =>
      (await new MlflowClient({ trackingUri, tls: tls ?? null, retry: { retries: 0 } }).experiments.get('7')).name;
    await expect(name(null)).rejects.toThrow(/self-signed/);
    await expect(name({})).rejects.toThrow(/self-signed/);
    expect(await name({ caFile: pem('server') })).toBe('unknown');
    expect(await name({ rejectUnauthorized: false })).toBe('unknown');
    expect(await name({ caFile: pem('server'), certFile: pem('client'), keyFile: pem('client-key') })).toBe('known');
    const client = new MlflowClient({ trackingUri, tls: { caFile: pem('server') } });
    await client.artifacts.upload({ artifactUri: 'mlflow-artifacts:/1/a' }, 'x', 'body');
    expect(bodies.at(-1)).toBe('body');
    server.closeAllConnections();
    server.close();
  });
});

describe('back-off', () => {
  const policy = { retries: 7, initialDelayMs: 500, maxDelayMs: 60_000, jitter: 0.5, maxRetryAfterMs: 300_000 };

  it('doubles, within jitter, up to the longest wait', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const full = Math.min(500 * 2 ** attempt, 60_000);
        const delay = retryDelayMs(policy, attempt, 0, random);
        expect(delay).toBeLessThanOrEqual(full);
        expect(delay).toBeGreaterThanOrEqual(full / 2);
      }),
    );
  });

  it('honours Retry-After in both forms, within reason', () => {
    expect(parseRetryAfter('7')).toBe(7000);
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:28:00Z'))).toBe(10_000);
    expect(parseRetryAfter('soon')).toBeUndefined();
    expect(retryDelayMs(policy, 0, 7000, 0)).toBe(7000);
    expect(retryDelayMs(policy, 0, 120_000, 0)).toBe(120_000);
    expect(retryDelayMs(policy, 0, 7_000_000, 0)).toBe(300_000);
  });
});
