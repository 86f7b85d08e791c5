import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RetryPolicy } from './hub-client.js';
import { hubSettings, type HubSettings } from './hub-settings.js';
import { pull, type PullOptions, type PullProgress } from './pull.js';
import { FakeHub, oidOf, sha256Of, TOKEN, type Fault, type FakeRepo } from './testing/fake-hub.js';

const COMMIT = 'a'.repeat(40);
const bytes = (count: number, seed: number) =>
  Buffer.from(Uint8Array.from({ length: count }, (_, i) => (i * seed) >> 3));
const MODEL: FakeRepo = {
  kind: 'model',
  name: 'org/tiny',
  commit: COMMIT,
  files: {
    'config.json': Buffer.from('{"model_type":"llama"}'),
    'model.safetensors': bytes(300_000, 37),
    'tokenizer.json': bytes(5000, 11),
    'README.md': Buffer.alloc(0),
    'pytorch_model.bin': bytes(2000, 5),
    'original/params.json': Buffer.from('{}'),
  },
};
const DATASET: FakeRepo = {
  kind: 'dataset',
  name: 'org/questions',
  commit: 'b'.repeat(40),
  files: { 'data/train ü.parquet': bytes(4000, 3), 'README.md': Buffer.from('# Questions\n') },
};

let folder: string;
let hub: FakeHub;
let waits: number[];
const open: FakeHub[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gmoe-hub-'));
  hub = await serve([MODEL, DATASET]);
  waits = [];
});
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
  await rm(folder, { recursive: true });
});

async function serve(repos: FakeRepo[]): Promise<FakeHub> {
  const server = await FakeHub.start(repos);
  open.push(server);
  return server;
}

const retry: RetryPolicy = { attempts: 3, wait: async (milliseconds) => void waits.push(milliseconds) };
const settings = (changes: Partial<HubSettings> = {}): HubSettings => ({
  endpoint: hub.endpoint,
  cacheDir: join(folder, 'cache'),
  offline: false,
  idleTimeout: 10_000,
  ...changes,
});
const run = (id: string, options: PullOptions = {}, changes: Partial<HubSettings> = {}) =>
  pull(id, settings(changes), { retry, ...options });
const plan = (path: string, ...faults: Fault[]) => hub.faults.set(path, faults);

async function expectFiles(dir: string, repo: FakeRepo, names: readonly string[]): Promise<void> {
  for (const name of names) expect((await readFile(join(dir, name))).equals(repo.files[name]!), name).toBe(true);
}
const CHOSEN = ['config.json', 'model.safetensors', 'tokenizer.json', 'README.md'];
const WEIGHTS = MODEL.files['model.safetensors']!;

describe('pull', () => {
  it("fills the cache as Hugging Face's tools lay it out, and fetches nothing twice", async () => {
    const told: PullProgress[] = [];
    const pulled = await run('org/tiny', { onProgress: (now) => told.push(now) });
    const storage = join(folder, 'cache', 'models--org--tiny');
    expect(pulled).toEqual({
      kind: 'model',
      name: 'org/tiny',
      commit: COMMIT,
      folder: join(storage, 'snapshots', COMMIT),
      files: 4,
      bytes: 305_022,
      filesKept: 0,
      filesSkipped: 2,
    });
    await expectFiles(pulled.folder, MODEL, CHOSEN);
    expect((await readdir(pulled.folder)).sort()).toEqual([...CHOSEN].sort());
    expect(await readlink(join(pulled.folder, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha256Of(WEIGHTS)));
    expect(await readlink(join(pulled.folder, 'config.json'))).toBe(
      join('..', '..', 'blobs', oidOf(MODEL.files['config.json']!)),
    );
    expect(await readFile(join(storage, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(told.at(-1)).toEqual({ path: 'README.md', files: 4, filesDone: 4, bytes: 305_022, bytesDone: 305_022 });
    const done = told.map(({ bytesDone }) => bytesDone);
    expect(done).toEqual([...done].sort((a, b) => a - b));

    hub.requests.length = 0;
    expect(await run('org/tiny')).toMatchObject({ filesKept: 4, folder: pulled.folder });
    expect(hub.transfers()).toEqual([]);
  });

  it('takes a dataset whole, by its id alone or by datasets/ID, and keeps names as they are', async () => {
    const pulled = await run('org/questions', { revision: 'v1' });
    expect(pulled).toMatchObject({ kind: 'dataset', files: 2, filesSkipped: 0 });
    await expectFiles(pulled.folder, DATASET, Object.keys(DATASET.files));
    expect(await readlink(join(pulled.folder, 'data', 'train ü.parquet'))).toMatch(/^\.\.[/\\]\.\.[/\\]\.\.[/\\]blobs/);
    expect(await run('datasets/org/questions')).toMatchObject({ filesKept: 2 });
    await expect(run('models/org/questions')).rejects.toThrow(/^org\/questions: is not at .* or is private/);
  });

  it('writes plain files into a folder, keeps the right ones and replaces the others', async () => {
    const to = join(folder, 'mine');
    await mkdir(to);
    await writeFile(join(to, 'config.json'), MODEL.files['config.json']!);
    await writeFile(join(to, 'model.safetensors'), bytes(300_000, 38));
    const pulled = await run('org/tiny', { to, all: true });
    expect(pulled).toMatchObject({ folder: to, files: 6, filesKept: 1, filesSkipped: 0 });
    await expectFiles(to, MODEL, Object.keys(MODEL.files));
    expect((await stat(join(to, 'model.safetensors'))).isFile()).toBe(true);
    expect((await readdir(to)).sort()).toEqual(['.cache', 'original', ...CHOSEN, 'pytorch_model.bin'].sort());
    expect(await readdir(join(to, '.cache', 'huggingface'))).toEqual([]);
  });

  it('gives the token to the hub and never to the storage that it redirects to', async () => {
    hub.repos.push({ ...MODEL, name: 'org/secret', private: true });
    await run('org/secret', {}, { token: TOKEN });
    const byHost = (host: string) => hub.requests.filter((request) => request.host === host);
    expect(byHost('hub').every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    expect(byHost('storage')).toHaveLength(2);
    expect(byHost('storage').every(({ authorization }) => authorization === undefined)).toBe(true);
    await expect(run('org/secret')).rejects.toThrow(
      /org\/secret: is not at .* or is private: check the name, or set HF_TOKEN/,
    );
    await expect(run('org/secret', {}, { token: 'hf_wrong' })).rejects.toThrow(/does not accept HF_TOKEN/);
  });
});

describe('faults', () => {
  it.each<[string, Fault[], string[]]>([
    [
      'goes on after a reset in the middle',
      [{ type: 'reset', after: 100_000 }],
      ['model.safetensors', 'model.safetensors bytes=N-'],
    ],
    [
      'goes on after a body that ends early',
      [{ type: 'truncated', after: 120_000 }],
      ['model.safetensors', 'model.safetensors bytes=120000-'],
    ],
    [
      'makes more attempts than the limit as long as each brings something',
      Array.from({ length: 5 }, () => ({ type: 'truncated', after: 10_000 }) as const),
      [0, 10, 20, 30, 40, 50].map((at) => `model.safetensors${at ? ` bytes=${at}000-` : ''}`),
    ],
    [
      'begins anew with a server that ignores ranges',
      [{ type: 'truncated', after: 1000 }, { type: 'no-range' }],
      ['model.safetensors', 'model.safetensors bytes=1000-'],
    ],
    [
      'waits out errors of the server',
      [
        { type: 'status', status: 500 },
        { type: 'status', status: 503 },
      ],
      ['model.safetensors', 'model.safetensors', 'model.safetensors'],
    ],
    ['fetches anew what has the wrong checksum', [{ type: 'corrupt' }], ['model.safetensors', 'model.safetensors']],
    ['fetches anew what is too long', [{ type: 'surplus' }], ['model.safetensors', 'model.safetensors']],
  ])('%s', async (_, faults, expected) => {
    plan('model.safetensors', ...faults);
    const pulled = await run('org/tiny');
    await expectFiles(pulled.folder, MODEL, CHOSEN);
    const stored = hub.requests.filter(({ host, path }) => host === 'storage' && path.endsWith('model.safetensors'));
    const seen = stored.map(({ range }) => `model.safetensors${range ? ` ${range}` : ''}`);
    // Where a reset cuts is the network's choice.
    expect(seen.map((text) => (expected[1]?.endsWith('N-') ? text.replace(/=\d+-/, '=N-') : text))).toEqual(expected);
    expect(await readdir(join(pulled.folder, '..', '..', 'blobs'))).toHaveLength(4);
  });

  it('begins anew once nothing comes for a while', async () => {
    plan('model.safetensors', { type: 'stall', after: 50_000 });
    const pulled = await run('org/tiny', {}, { idleTimeout: 150 });
    await expectFiles(pulled.folder, MODEL, CHOSEN);
    expect(hub.transfers()).toContain('model.safetensors bytes=50000-');
  });

  it('goes on in another process where the last one ended', async () => {
    plan('model.safetensors', ...Array.from({ length: 1 }, () => ({ type: 'truncated', after: 70_000 }) as const), {
      type: 'status',
      status: 404,
    });
    await expect(run('org/tiny')).rejects.toThrow(/is not at/);
    hub.requests.length = 0;
    const pulled = await run('org/tiny');
    expect(pulled.filesKept).toBe(1);
    expect(hub.transfers()).toContain('model.safetensors bytes=70000-');
    await expectFiles(pulled.folder, MODEL, CHOSEN);
  });

  it('is not misled by a damaged rest of another process', async () => {
    const blobs = join(folder, 'cache', 'models--org--tiny', 'blobs');
    await mkdir(blobs, { recursive: true });
    for (const damaged of [bytes(300_000, 5), bytes(100_000, 5), bytes(300_001, 37)]) {
      await rm(join(folder, 'cache', 'models--org--tiny', 'snapshots'), { recursive: true, force: true });
      await rm(join(blobs, sha256Of(WEIGHTS)), { force: true });
      await writeFile(join(blobs, `${sha256Of(WEIGHTS)}.incomplete`), damaged);
      await expectFiles((await run('org/tiny')).folder, MODEL, CHOSEN);
    }
  });

  it('refuses a content that is not the listed one, and keeps nothing of it', async () => {
    plan('model.safetensors', { type: 'corrupt' }, { type: 'corrupt' });
    await expect(run('org/tiny')).rejects.toThrow(
      `model.safetensors: what ${hub.endpoint} sends is not the file that it lists (sha256 ${sha256Of(WEIGHTS)})`,
    );
    const blobs = await readdir(join(folder, 'cache', 'models--org--tiny', 'blobs'));
    expect(blobs).toEqual([oidOf(MODEL.files['config.json']!)]);
    plan('config.json', { type: 'corrupt' }, { type: 'corrupt' });
    await expect(run('org/tiny', { to: join(folder, 'to') })).rejects.toThrow(/config\.json: .*git-sha1/);
  });

  it('gives up after the attempts, with waits that grow, and keeps what came', async () => {
    plan('model.safetensors', { type: 'truncated', after: 1000 }, ...Array(9).fill({ type: 'status', status: 502 }));
    await expect(run('org/tiny')).rejects.toThrow(/answers 502; gave up after 3 attempts/);
    expect(waits).toEqual([500, 1000]);
    const blobs = join(folder, 'cache', 'models--org--tiny', 'blobs');
    expect((await stat(join(blobs, `${sha256Of(WEIGHTS)}.incomplete`))).size).toBe(1000);
  });

  it('waits as long as the hub asks', async () => {
    plan('model.safetensors', { type: 'status', status: 429, headers: { 'retry-after': '7' } });
    hub.apiFailures.push(500, 503);
    await run('org/tiny');
    expect(waits).toEqual([500, 1000, 7000]);
  });

  it('stops when it is told to, and goes on later', async () => {
    const stop = new AbortController();
    plan('model.safetensors', { type: 'stall', after: 60_000 });
    const stopped = run('org/tiny', {
      signal: stop.signal,
      onProgress: ({ bytesDone }) => bytesDone > 60_000 && stop.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    hub.requests.length = 0;
    await run('org/tiny');
    expect(hub.transfers()).toContain('model.safetensors bytes=60000-');
  });
});

describe('refusals', () => {
  it('names what is missing: repository, revision, terms, weights', async () => {
    await expect(run('org/none')).rejects.toThrow(
      `org/none: is not at ${hub.endpoint}, or is private: check the name, or set HF_TOKEN`,
    );
    await expect(run('org/none', {}, { token: TOKEN })).rejects.toThrow(
      `org/none: is not at ${hub.endpoint} (datasets: `,
    );
    await expect(run('org/tiny', { revision: 'v9' })).rejects.toThrow("org/tiny: has no revision 'v9'");
    hub.repos.push({ ...MODEL, name: 'org/gated', gated: true });
    await expect(run('org/gated')).rejects.toThrow(
      `org/gated: is gated: accept its terms at ${hub.endpoint}/org/gated and set HF_TOKEN`,
    );
    hub.repos.push({ ...MODEL, name: 'org/old', files: { 'pytorch_model.bin': bytes(2000, 5) } });
    await expect(run('org/old')).rejects.toThrow(
      'org/old: has no .safetensors weights at its top, only pytorch_model.bin; --file NAME pulls one file, --all everything',
    );
  });

  it.each(['', 'org', '../x', 'org/..', 'a/b/c', 'org/na me', 'https://huggingface.co/org/x', '-x/y'])(
    "takes '%s' for no id, or for one that is not there, before anything is written",
    async (id) => {
      await expect(run(id)).rejects.toThrow(id === 'org' ? /is not at/ : /is no id of the hub/);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it.each(['../../escape', '/etc/passwd', 'a/../../b', 'C:/x', 'a\\b', '.git/hooks/post-checkout', 'x/.GIT./config'])(
    'writes nothing of a repository that lists %s',
    async (path) => {
      hub = await serve([{ ...MODEL, files: { ...MODEL.files, [path]: Buffer.from('evil') } }]);
      await expect(run('org/tiny', { all: true })).rejects.toThrow(/lists a file outside of itself/);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('says in one line that there is no network', async () => {
    // A port that was free a moment ago.
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => probe.once('listening', done));
    const { port } = probe.address() as AddressInfo;
    await new Promise((done) => probe.close(done));
    await expect(run('org/tiny', {}, { endpoint: `http://127.0.0.1:${port}` })).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+: cannot be reached \(connect ECONNREFUSED .*\); pulling needs a network, HF_ENDPOINT names another hub$/,
    );
    expect(waits).toEqual([]);
  });

  it('fetches nothing offline, and tells what the cache has', async () => {
    await expect(run('org/tiny', {}, { offline: true })).rejects.toThrow(/the cache does not have 'org\/tiny'/);
    const { folder: cached } = await run('org/tiny');
    await expect(run('org/tiny', {}, { offline: true })).rejects.toThrow(`the cache has ${cached}`);
  });
});

describe('hubSettings', () => {
  it("reads the variables of Hugging Face's tools", async () => {
    await writeFile(join(folder, 'token'), 'hf_stored\n');
    expect(hubSettings({ HF_HOME: folder })).toEqual({
      endpoint: 'https://huggingface.co',
      token: 'hf_stored',
      cacheDir: join(folder, 'hub'),
      offline: false,
      idleTimeout: 30_000,
    });
    expect(
      hubSettings({
        HF_HOME: folder,
        HF_TOKEN: 'hf_given',
        HF_ENDPOINT: 'https://hub.example/',
        HF_HUB_CACHE: '/cache',
        HF_HUB_OFFLINE: '1',
        HF_HUB_DOWNLOAD_TIMEOUT: '5',
      }),
    ).toEqual({
      endpoint: 'https://hub.example',
      token: 'hf_given',
      cacheDir: '/cache',
      offline: true,
      idleTimeout: 5000,
    });
    expect(() => hubSettings({ HF_ENDPOINT: 'hub.example' })).toThrow(/HF_ENDPOINT: 'hub\.example' is not an address/);
    expect(() => hubSettings({ HF_ENDPOINT: 'file:///x' })).toThrow(/HF_ENDPOINT/);
    expect(() => hubSettings({ HF_HUB_DOWNLOAD_TIMEOUT: 'soon' })).toThrow(/HF_HUB_DOWNLOAD_TIMEOUT: 'soon'/);
    expect(() => hubSettings({ HF_TOKEN: 'hf_a b' })).toThrow(/^HF_TOKEN: holds/);
  });
});

it('files by name, with the card, and a name that is not there beside those that are', async () => {
  const quantised: FakeRepo = {
    kind: 'model',
    name: 'org/tiny-gguf',
    commit: 'c'.repeat(40),
    files: { 'tiny.Q4_0.gguf': bytes(900, 7), 'tiny.Q8_0.gguf': bytes(1800, 7), 'README.md': Buffer.from('# Tiny\n') },
  };
  hub = await serve([quantised]);
  const to = join(folder, 'files');
  const pulled = await run('org/tiny-gguf', { to, only: ['tiny.Q8_0.gguf'] });
  expect(pulled).toMatchObject({ files: 2, filesSkipped: 1, folder: to });
  await expectFiles(to, quantised, ['tiny.Q8_0.gguf', 'README.md']);
  expect(await readdir(to)).not.toContain('tiny.Q4_0.gguf');
  await expect(run('org/tiny-gguf', { to, only: ['tiny.Q5_0.gguf'] })).rejects.toThrow(
    'org/tiny-gguf: --file tiny.Q5_0.gguf: there is no such file; it has tiny.Q4_0.gguf, tiny.Q8_0.gguf',
  );
});
