import { spawn, type ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { planStatus, type SweepStore } from '@gmoe/experiment';
import { bundle, fakeLauncher, fakeStore } from '@gmoe/experiment/testing';
import { axeFindings, CHROMIUM, builtProgram, launchBrowser, troubleOf } from '@gmoe/report/testing';
import { serveUi, type UiServer } from './index.js';

if (!CHROMIUM) process.stderr.write('SKIPPED: gmoe ui in a real browser: no Chromium under /usr/bin\n');

const STEP_MS = 60;

let store: SweepStore;
let worker: string;
let server: UiServer;
/** Workers that the page started. */
const started: ChildProcess[] = [];

beforeAll(async () => {
  store = fakeStore({ name: 'night', trial: { steps: 400 }, grid: { quality: [0.2, 0.4] }, seeds: [0] });
  worker = await bundle('fake-worker');
  server = await serveUi({
    folder: store.folder,
    program: builtProgram('libs/ui/src/page/main.ts'),
    startWorker: (folder) => {
      started.push(spawn(process.execPath, [worker, folder, '0'], { stdio: 'ignore' }));
    },
    renderReport: () => Promise.resolve('<p>report</p>'),
  });
});

afterAll(async () => {
  await server.close();
  await Promise.all(
    started.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      return ended;
    }),
  );
});

const status = (url: URL | string, headers: Record<string, string> = {}) =>
  new Promise<number>((resolve, reject) => {
    get(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    }).on('error', reject);
  });

describe('serveUi', () => {
  it('listens on loopback, and answers only who has the token, by an address of this machine', async () => {
    const url = new URL(server.url);
    expect(url.hostname).toBe('127.0.0.1');
    expect(await status(url)).toBe(200);
    expect(await status(`${url.origin}/`)).toBe(403);
    expect(await status(`${url.origin}/?token=${'x'.repeat(32)}`)).toBe(403);
    expect(await status(url, { host: 'evil.example' })).toBe(403);
    const query = `token=${url.searchParams.get('token')!}`;
    expect(await status(`${url.origin}/api/sweep?sweep=..&${query}`)).toBe(404);
    expect(await status(`${url.origin}/api/log?sweep=.&trial=../../etc&${query}`)).toBe(404);
    const changed = await fetch(`${url.origin}/api/rerun?sweep=.&${query}`, { method: 'POST' });
    expect([changed.status, await changed.json()]).toEqual([403, { error: 'the token must be a header here' }]);
  });
});

describe.skipIf(!CHROMIUM)('the page over a running sweep', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it('a curve grows; a trial is stopped with a checkpoint, and run again to its end', async () => {
    const running = await fakeLauncher(worker, { stepMs: STEP_MS }).submit({ store });
    onTestFinished(() => running.cancel('kill'));
    const page: Page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    const trouble = troubleOf(page, new URL(server.url).origin);
    await page.goto(server.url);
    await page.waitForSelector('#curves svg');
    const stepOf = async () => {
      const texts = await page.locator('tbody tr td:nth-child(5)').allTextContents();
      return texts.map((text) => Number.parseInt(text, 10)).filter(Number.isFinite);
    };
    const last = () => page.locator('#curves svg').getAttribute('aria-label');
    const before = Number(/over (\d+) steps/.exec((await last())!)![1]);
    await expect
      .poll(async () => Number(/over (\d+) steps/.exec((await last())!)![1]), { timeout: 15_000 })
      .toBeGreaterThan(before + 10);
    expect((await stepOf()).length).toBeGreaterThan(0);

    const [first] = store.manifest().trials;
    const row = page.locator(`[data-trial="${first!.hash.slice(0, 16)}"]`);
    await row.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => row.locator('.state').textContent(), { timeout: 15_000 }).toMatch(/^open/);
    expect(store.isPublished(first!.hash)).toBe(false);

    await row.getByRole('button', { name: 'Log' }).click();
    await page.waitForSelector('.log:not(:empty)');
    await row.getByRole('button', { name: 'Rerun' }).click();
    await expect.poll(() => row.locator('.state').textContent(), { timeout: 20_000 }).toBe('finished');
    expect(await axeFindings(page)).toEqual([]);
    await running.cancel('checkpoint');
    expect(planStatus(store).trials[0]!.state).toBe('finished');
    expect(store.attempts(first!.hash).length).toBe(2);
    expect(trouble).toEqual([]);
    await page.close();
  }, 60_000);
});
