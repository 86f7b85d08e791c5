import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  and,
  attribute,
  HttpError,
  InvalidRequestError,
  metric,
  MlflowClient,
  param,
  tag,
  type MetricPoint,
  type RunInfo,
} from './index.js';
import { FakeMlflow, findMlflow, skipLoudly, startRealMlflow } from './testing/index.js';

const executable = findMlflow();
if (!executable) skipLoudly('mlflow-js-client against a real server');

const servers = [
  {
    name: 'fake server',
    start: async () => {
      const fake = await FakeMlflow.start();
      return { url: fake.url, stop: () => fake.stop() };
    },
  },
  ...(executable ? [{ name: 'real server', start: () => startRealMlflow(executable) }] : []),
];

describe.each(servers)('contract: $name', { timeout: 120_000 }, ({ start }) => {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-client-'));
  let server: { url: string; stop(): Promise<void> };
  let client: MlflowClient;
  let experimentId: string;
  let run: RunInfo;

  beforeAll(async () => {
    server = await start();
    client = new MlflowClient({ trackingUri: server.url, retry: { retries: 0 } });
    experimentId = (await client.experiments.ensure({ name: 'contract', tags: { purpose: 'tests' } })).experimentId;
    run = (
      await client.runs.create({
        experimentId,
        name: 'contract run',
        startTime: 1_700_000_000_000,
        tags: { arm: "d'or" },
      })
    ).info;
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a client without checks would send. */
  const unchecked = async (path: string, body: unknown): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
  const newRun = async (): Promise<RunInfo> => (await client.runs.create({ experimentId, startTime: 1 })).info;
  const history = async (id: string, key: string, pageSize?: number): Promise<MetricPoint[]> => {
    const points: MetricPoint[] = [];
    for await (const point of client.runs.metricHistory(id, key, pageSize === undefined ? {} : { pageSize }))
      points.push(point);
    return points;
  };

  it('says its version', async () => {
    expect(await client.version()).toMatch(/^\d+\.\d+/);
  });

  it('creates an experiment once, however many ask at once', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => client.experiments.ensure({ name: 'race' })));
    expect(new Set(ids.map((one) => one.experimentId)).size).toBe(1);
    await expect(client.experiments.create({ name: 'race' })).rejects.toMatchObject({
      status: 400,
      errorCode: 'RESOURCE_ALREADY_EXISTS',
    });
    expect(await client.experiments.getByName('no such')).toBeUndefined();
    const names: string[] = [];
    for await (const one of client.experiments.search({ filter: attribute.name.like('rac%'), pageSize: 1 }))
      names.push(one.name);
    expect(names).toEqual(['race']);
    const { experimentId: id } = ids[0]!;
    await client.experiments.delete(id);
    await expect(client.experiments.ensure({ name: 'race' })).rejects.toThrow("experiment 'race'");
    await client.experiments.restore(id);
    expect((await client.experiments.get(id)).lifecycleStage).toBe('active');
  });

  it('stores params, tags and metrics with NaN and infinities', async () => {
    const { runId } = await newRun();
    const point = (key: string, value: number) => ({ key, value, timestamp: 1_700_000_000_001, step: 3 });
    await client.runs.logBatch(runId, {
      metrics: [
        point('ok', 0.5),
        point('nan', NaN),
        point('inf', Infinity),
        point('ninf', -Infinity),
        point('é/中 x:y-z', 1e-300),
      ],
      params: [{ key: 'p', value: 'ü 😀 "\\ \n' }],
      tags: [{ key: 't', value: '' }],
    });
    const found = await client.runs.get(runId);
    expect(found.params).toEqual({ p: 'ü 😀 "\\ \n' });
    expect(found.tags).toMatchObject({ t: '' });
    expect(Object.fromEntries(Object.entries(found.metrics).map(([key, { value }]) => [key, value]))).toEqual({
      ok: 0.5,
      nan: NaN,
      inf: Number.MAX_VALUE,
      ninf: -Number.MAX_VALUE,
      'é/中 x:y-z': 1e-300,
    });
    expect(found.metrics['ok']).toEqual(point('ok', 0.5));
  });

  it('drops exact duplicates and keeps everything else', async () => {
    const { runId } = await newRun();
    const points = [1, 1, 2, 3].map((value, index) => ({ key: 'd', value, timestamp: 5 + (index >> 1), step: 1 }));
    await client.runs.logBatch(runId, { metrics: points });
    await client.runs.logBatch(runId, { metrics: [...points, { key: 'd', value: NaN, timestamp: 5, step: 1 }] });
    const again = client.runs.logBatch(runId, { metrics: [{ key: 'd', value: NaN, timestamp: 5, step: 1 }] });
    // Up to 3.6 NaN is known again only by the database's complaint; 3.17 drops it as any other.
    if (/^(2\.|3\.[0-6]\.)/.test(await client.version()))
      await expect(again).rejects.toThrow('UNIQUE constraint failed: metrics');
    else await again;
    expect((await history(runId, 'd')).map(({ value }) => value).sort()).toEqual([1, 2, 3, NaN]);
  });

  it('pages through a history', async () => {
    const { runId } = await newRun();
    const metrics = Array.from({ length: 2500 }, (_, step) => ({
      key: 'm',
      value: step / 8,
      timestamp: 10 + step,
      step,
    }));
    await client.runs.logAll(runId, { metrics });
    const order = (a: MetricPoint, b: MetricPoint) => a.step - b.step;
    expect((await history(runId, 'm', 1000)).sort(order)).toEqual(metrics);
    expect((await history(runId, 'm')).length).toBe(2500);
    expect(await history(runId, 'none')).toEqual([]);
  });

  it('refuses another value of a param', async () => {
    const { runId } = await newRun();
    await client.runs.logParams(runId, { p: '1' });
    await client.runs.logParams(runId, { p: '1' });
    await expect(client.runs.logParams(runId, { p: '2' })).rejects.toMatchObject({
      status: 400,
      errorCode: 'INVALID_PARAMETER_VALUE',
    });
  });

  it('logs 250 params and tags in batches', async () => {
    const { runId } = await newRun();
    const values = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`k${index}`, `v${index}`]));
    await client.runs.logParams(runId, values);
    await client.runs.setTags(runId, values);
    await client.runs.deleteTag(runId, 'k0');
    const found = await client.runs.get(runId);
    expect(found.params).toEqual(values);
    expect(found.tags['k0']).toBeUndefined();
    expect(found.tags['k249']).toBe('v249');
  });

  it('updates status, end and name; deletes and restores', async () => {
    const { runId } = await newRun();
    expect(await client.runs.update({ runId, status: 'FAILED', endTime: 99, name: 'renamed' })).toMatchObject({
      status: 'FAILED',
      startTime: 1,
      endTime: 99,
      name: 'renamed',
    });
    expect((await client.runs.get(runId)).tags['mlflow.runName']).toBe('renamed');
    await client.runs.delete(runId);
    await expect(client.runs.setTags(runId, { a: 'b' })).rejects.toThrow("must be in the 'active' state");
    await client.runs.restore(runId);
    await client.runs.setTags(runId, { a: 'b' });
  });

  it('searches with typed filters, page by page', async () => {
    for (let n = 0; n < 5; n++) {
      const { info } = await client.runs.create({
        experimentId,
        startTime: 100 + n,
        tags: { group: 'search', 'odd.tag': `it's ${n}` },
      });
      await client.runs.logBatch(info.runId, {
        metrics: [{ key: 'eval/accuracy', value: n / 10, timestamp: 1, step: 0 }],
        params: [{ key: 'router.id', value: n < 3 ? 'graph' : 'linear' }],
      });
    }
    const find = async (filter: ReturnType<typeof and>): Promise<number[]> => {
      const found: number[] = [];
      for await (const one of client.runs.search({ experimentIds: [experimentId], filter, pageSize: 2 }))
        found.push(one.info.startTime!);
      return found.sort();
    };
    const group = tag('group').eq('search');
    expect(await find(group)).toEqual([100, 101, 102, 103, 104]);
    expect(await find(and(group, metric('eval/accuracy').ge(0.2), param('router.id').eq('graph')))).toEqual([102]);
    expect(await find(and(group, tag('odd.tag').eq("it's 4")))).toEqual([104]);
    expect(await find(and(group, param('router.id').like('lin%')))).toEqual([103, 104]);
    expect(await find(and(group, attribute.startTime.lt(102), attribute.status.eq('RUNNING')))).toEqual([100, 101]);
    expect(await find(tag('group').eq('nothing'))).toEqual([]);
  });

  it('finds a run again by its key', async () => {
    const input = { runKey: 'key-0000-0001', experimentId, name: 'once', startTime: 7 };
    const first = await client.runs.createOnce(input);
    const second = await client.runs.createOnce(input);
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.run.info.runId).toBe(first.run.info.runId);
  });

  it('logs one new dataset from many runs at once', async () => {
    const infos = await Promise.all(Array.from({ length: 8 }, () => newRun()));
    for (let round = 0; round < 3; round++) {
      const dataset = { name: 'shared', digest: `round-${round}`, sourceType: 'local', source: '{}', context: 'test' };
      await Promise.all(infos.map(({ runId }) => client.runs.logInputs(runId, [dataset])));
    }
    for (const { runId } of infos) {
      const { datasets } = await client.runs.get(runId);
      expect(datasets.map(({ digest }) => digest).sort()).toEqual(['round-0', 'round-1', 'round-2']);
    }
  });

  it('logs datasets and models', async () => {
    const info = await newRun();
    const dataset = { name: 'boolq', digest: 'abc', sourceType: 'local', source: '{}', context: 'train' };
    await client.runs.logInputs(info.runId, [dataset]);
    await client.runs.logInputs(info.runId, [dataset]);
    if ((await client.version()).startsWith('2.')) {
      const create = client.loggedModels.create({ experimentId, name: 'adapter', sourceRunId: info.runId });
      return expect(create).rejects.toMatchObject({ endpointMissing: true });
    }
    const model = await client.loggedModels.create({
      experimentId,
      name: 'adapter',
      sourceRunId: info.runId,
      params: { rank: '4' },
    });
    expect(model).toMatchObject({ status: 'LOGGED_MODEL_PENDING', params: { rank: '4' } });
    await client.artifacts.upload(model, 'weights.bin', new Uint8Array([1, 2, 3]));
    expect(await client.loggedModels.finalize(model.modelId)).toMatchObject({ status: 'LOGGED_MODEL_READY' });
    await client.runs.logOutputs(info.runId, [{ modelId: model.modelId, step: 5 }]);
    await client.runs.logOutputs(info.runId, [{ modelId: model.modelId, step: 5 }]);
    const found = await client.runs.get(info.runId);
    expect(found.datasets).toMatchObject([{ name: 'boolq', digest: 'abc', tags: { 'mlflow.data.context': 'train' } }]);
    expect(found.models).toEqual([{ modelId: model.modelId, step: 5 }]);
    expect(await client.artifacts.listOwner(model)).toMatchObject([{ path: 'weights.bin', bytes: 3 }]);
    const names: string[] = [];
    for await (const one of client.loggedModels.search({ experimentIds: [experimentId], pageSize: 1 }))
      names.push(one.name);
    expect(names).toEqual(['adapter']);
    expect((await client.loggedModels.get(model.modelId)).sourceRunId).toBe(info.runId);
  });

  it('stores, lists and fetches artifacts', async () => {
    const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
    writeFileSync(join(folder, 'big.bin'), bytes);
    expect(await client.artifacts.upload(run, 'a/é 中/b c (1)+=,@.bin', { file: join(folder, 'big.bin') })).toBe(
      300_000,
    );
    await client.artifacts.upload(run, 'text.txt', 'hello');
    await client.artifacts.upload(run, 'empty.txt', '');
    const files = new Map<string, number | undefined>();
    for await (const entry of client.artifacts.listFiles(run.runId)) files.set(entry.path, entry.bytes);
    expect(files).toEqual(
      new Map([
        ['a/é 中/b c (1)+=,@.bin', 300_000],
        ['empty.txt', 0],
        ['text.txt', 5],
      ]),
    );
    await client.artifacts.downloadTo(run, 'a/é 中/b c (1)+=,@.bin', join(folder, 'back', 'big.bin'));
    expect(readFileSync(join(folder, 'back', 'big.bin')).equals(bytes)).toBe(true);
    expect(new TextDecoder().decode(await client.artifacts.download(run, 'text.txt'))).toBe('hello');
    await expect(client.artifacts.download(run, 'no/such')).rejects.toMatchObject({ status: 404, transient: false });
  });

  it('falls back to one piece where parts are not supported', async () => {
    const parts = new MlflowClient({ trackingUri: server.url, multipart: { thresholdBytes: 10, partBytes: 4 } });
    await parts.artifacts.upload(run, 'parts.bin', 'more than ten bytes');
    expect(new TextDecoder().decode(await client.artifacts.download(run, 'parts.bin'))).toBe('more than ten bytes');
  });

  it.each(['../x', 'a/../x', '/x', 'a//b', '', '.', 'a#b', 'a%2e', 'C:/x', 'a\\b', 'a\u0000b', 'a/'])(
    'refuses the artifact path %j',
    async (path) => {
      await expect(client.artifacts.upload(run, path, 'x')).rejects.toThrow(InvalidRequestError);
      await expect(client.artifacts.download(run, path)).rejects.toThrow(InvalidRequestError);
    },
  );

  it('is an HttpError with the server’s code for what is not there', async () => {
    const id = '0'.repeat(32);
    await expect(client.runs.get(id)).rejects.toThrow(HttpError);
    await expect(client.runs.setTags(id, { a: 'b' })).rejects.toMatchObject({
      status: 404,
      errorCode: 'RESOURCE_DOES_NOT_EXIST',
      endpointMissing: false,
    });
    const missing = await unchecked('no/such', {});
    expect(missing.status).toBe(404);
  });

  // Why nothing unchecked may be sent: each of these is answered 200.
  describe('silent loss of data', () => {
    const good = { key: 'good', value: 1, timestamp: 1_700_000_000_000, step: 1 };
    it.each([
      ['a fractional step', { ...good, key: 'bad', step: 1.5 }, { value: 1, timestamp: good.timestamp, step: 0 }],
      ['a fractional timestamp', { ...good, key: 'bad', timestamp: 1.5 }, { value: 1, timestamp: 0, step: 0 }],
      ['a value that is no number', { ...good, key: 'bad', value: 'abc' }, { value: 0, timestamp: 0, step: 0 }],
    ])('%s', async (_, bad, stored) => {
      const { runId } = await newRun();
      const later = { ...good, key: 'later' };
      const answer = await unchecked('runs/log-batch', {
        run_id: runId,
        metrics: [good, bad, later],
        params: [{ key: 'p', value: '1' }],
      });
      expect(answer.status).toBe(200);
      const found = await client.runs.get(runId);
      expect(found.metrics).toEqual({ good, bad: { key: 'bad', ...stored } });
      expect(found.params).toEqual({});
      await expect(client.runs.logBatch(runId, { metrics: [bad as MetricPoint] })).rejects.toThrow(InvalidRequestError);
    });

    it('numeric param values', async () => {
      const { runId } = await newRun();
      expect(
        (
          await unchecked('runs/log-batch', {
            run_id: runId,
            params: [
              { key: 'n', value: 3 },
              { key: 'm', value: '3' },
            ],
          })
        ).status,
      ).toBe(200);
      expect((await client.runs.get(runId)).params).toEqual({ n: '' });
    });

    it('long values', async () => {
      const { runId } = await newRun();
      const body = {
        run_id: runId,
        params: [{ key: 'p', value: 'x'.repeat(6001) }],
        tags: [{ key: 't', value: 'x'.repeat(8001) }],
      };
      expect((await unchecked('runs/log-batch', body)).status).toBe(200);
      const found = await client.runs.get(runId);
      expect([found.params['p']!.length, found.tags['t']!.length]).toEqual([6000, 8000]);
      await expect(client.runs.logParams(runId, { q: 'x'.repeat(6001) })).rejects.toThrow(InvalidRequestError);
    });

    it('an unknown status', async () => {
      const { runId } = await newRun();
      expect((await unchecked('runs/update', { run_id: runId, status: 'DONE' })).status).toBe(200);
      expect((await client.runs.get(runId)).info.status).toBe('RUNNING');
    });

    it('bodies without a length', async () => {
      const url = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${run.artifactUri.replace('mlflow-artifacts:/', '')}/chunked.txt`;
      const init = { method: 'PUT', body: new Blob(['hello']).stream(), duplex: 'half' };
      expect((await fetch(url, init as RequestInit)).status).toBe(200);
      // Stored empty by 3.6, whole by 3.17.
      const old = (await client.version()).startsWith('3.6.');
      expect((await client.artifacts.download(run, 'chunked.txt')).length).toBe(old ? 0 : 5);
    });
  });

  describe('loud refusals', () => {
    const metrics = (key: string) => ({ metrics: [{ key, value: 1, timestamp: 1, step: 0 }] });
    it.each([
      ['key of 251', metrics('k'.repeat(251))],
      ['path in a key', metrics('../x')],
      ['// in a key', metrics('a//b')],
      ['key ending in /', metrics('a/')],
      ['# in a key', metrics('a#b')],
      ['emoji in a key', metrics('a😀')],
      ['combining accent in a key', metrics('a\u0301')],
      ['null value', { metrics: [{ key: 'a', value: null, timestamp: 1, step: 0 }] }],
      [
        'a param twice',
        {
          params: [
            { key: 'p', value: '1' },
            { key: 'p', value: '1' },
          ],
        },
      ],
      ['101 params', { params: Array.from({ length: 101 }, (_, n) => ({ key: `p${n}`, value: '1' })) }],
      ['101 tags', { tags: Array.from({ length: 101 }, (_, n) => ({ key: `p${n}`, value: '1' })) }],
      [
        '1001 metrics',
        { metrics: Array.from({ length: 1001 }, (_, step) => ({ key: 'm', value: 1, timestamp: 1, step })) },
      ],
    ])('%s', async (_, body) => {
      const { runId } = run;
      expect(await unchecked('runs/log-batch', { run_id: runId, ...body })).toMatchObject({
        status: 400,
        json: { error_code: 'INVALID_PARAMETER_VALUE' },
      });
      await expect(client.runs.logBatch(runId, body as never)).rejects.toThrow(InvalidRequestError);
    });

    it('a digest of 37', async () => {
      const dataset = { name: 'd', digest: 'a'.repeat(37), source_type: 'local', source: '{}' };
      expect(await unchecked('runs/log-inputs', { run_id: run.runId, datasets: [{ dataset }] })).toMatchObject({
        status: 400,
      });
    });
  });
});
