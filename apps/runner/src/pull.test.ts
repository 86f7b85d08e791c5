import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { FakeHub, TOKEN, type FakeRepo } from '@gmoe/hub/testing';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { writeLetterModel } from './testing/letter-model.js';
import { gmoeHere, setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder } = setUpGmoe();
let hub: FakeHub | undefined;
afterEach(() => hub?.close());

function modelFiles(): Record<string, Buffer> {
  const dir = writeLetterModel(join(folder(), 'letters'));
  return Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
}

async function serve(changes: Partial<FakeRepo> = {}): Promise<Record<string, string>> {
  const files = modelFiles();
  hub = await FakeHub.start([{ kind: 'model', name: 'org/letters', commit: 'c'.repeat(40), files, ...changes }]);
  return { HF_ENDPOINT: hub.endpoint, HF_HOME: mkdtempSync(join(folder(), 'hf-')), HF_TOKEN: '' };
}

it('pulls a model through a broken connection; the printed folder is a base', async () => {
  const env = await serve();
  hub!.faults.set('model.safetensors', [{ type: 'truncated', after: 2000 }]);
  const pulled = await gmoe(['pull', 'org/letters'], env);
  const path = join(env['HF_HOME']!, 'hub', 'models--org--letters', 'snapshots', 'c'.repeat(40));
  expect(pulled).toMatchObject({ code: 0 });
  expect(pulled.stdout).toMatch(/^model org\/letters at cccccccccccc: 3 files, \d+\.\d kB, checksums right\n/);
  expect(pulled.stdout.trim().split('\n').at(-1)).toBe(path);
  // Without a terminal: one line a file.
  expect(pulled.stderr).toMatch(/^(\[\d\/3\] \S+ {2}\d+\.\d kB of \d+\.\d kB\n){3}$/);
  const generated = await gmoe(['generate', '--base', path, '--prompt', 'abc', '--max-tokens', '5']);
  expect(generated.stdout).toMatch(/^abc[a-s]{5}\n$/);
  expect((await gmoe(['pull', 'org/letters'], env)).stdout).toContain('3 of them there before');
  const to = join(folder(), 'plain');
  expect((await gmoe(['pull', 'org/letters', '--to', to], env)).stdout.trim().split('\n').at(-1)).toBe(to);
});

it('fetches one file with the card where --file names it, everything with --all', async () => {
  const extra = { 'README.md': Buffer.from('card'), 'pytorch_model.bin': Buffer.from('same weights') };
  const known = modelFiles();
  const env = await serve({ files: { ...known, ...extra } });
  const pulledTo = async (...words: string[]): Promise<string[]> => {
    const to = mkdtempSync(join(folder(), 'to-'));
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await gmoeHere(['pull', 'org/letters', '--to', to, ...words])).toMatchObject({ code: 0 });
    return readdirSync(to)
      .filter((name) => !name.startsWith('.'))
      .sort();
  };
  expect(await pulledTo()).toEqual(['README.md', ...Object.keys(known)].sort());
  expect(await pulledTo('--file', 'config.json')).toEqual(['README.md', 'config.json']);
  expect(await pulledTo('--all')).toEqual([...Object.keys(extra), ...Object.keys(known)].sort());
});

it('goes through the proxy of the environment, as the built program too', async () => {
  const env = await serve();
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    seen.push(request.url!);
    const target = new URL(request.url!);
    // The hub's name cannot be looked up: only the proxy knows where it is.
    const there = target.hostname === 'hub.invalid' ? new URL(hub!.endpoint) : target;
    const { method, headers } = request;
    const path = target.pathname + target.search;
    request.pipe(
      httpRequest({ host: there.hostname, port: there.port, path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const pulled = await gmoe(['pull', 'org/letters'], {
    ...env,
    HF_ENDPOINT: 'http://hub.invalid',
    HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    NO_PROXY: '',
  });
  expect(pulled, pulled.stderr).toMatchObject({ code: 0 });
  expect(seen.filter((url) => url.startsWith('http://hub.invalid/')).length).toBeGreaterThan(2);
});

it('says in one line what is missing: terms, revision, network', async () => {
  const env = await serve({ gated: true });
  const refused = async (args: string[], extra: Record<string, string>, code: number, message: RegExp) => {
    const result = await gmoe(['pull', ...args], { ...env, ...extra });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result).toMatchObject({ stdout: '', code });
  };
  await refused(['org/letters'], {}, 2, /org\/letters: is gated: accept its terms at http.* and set HF_TOKEN/);
  await refused(['org/letters', '--revision', 'v7'], {}, 2, /org\/letters: has no revision 'v7'/);
  const { code } = await gmoe(['pull', 'org/letters'], { ...env, HF_TOKEN: TOKEN });
  expect(code).toBe(0);
  await hub!.close();
  await refused(['org/letters'], {}, 1, /cannot be reached \(.*ECONNREFUSED.*\); pulling needs a network/);
  hub = undefined;
});
